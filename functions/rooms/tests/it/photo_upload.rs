//! `photo-upload`: upload forms for photos, and small photos as the body of a request.

use std::time::Duration;

use confab_testkit::TestRequest;
use serde_json::{Value, json};

use crate::{
    invariants,
    model::photo,
    scenario::{Story, enumerate_requests},
    world::{World, text},
};

const PATH: &str = "/api/photo-analysis/upload/";

fn form(content_type: &str, bytes: u64) -> TestRequest {
    TestRequest::post(
        PATH,
        json!({ "content_type": content_type, "bytes": bytes }),
    )
}

#[tokio::test]
async fn upload_forms_are_signed_for_one_photo() {
    let world = World::open().await;
    let request = form("image/jpeg", 10 * 1024 * 1024).token(&world.host.token);
    let receipt = world.send("photo-upload", &request).await;
    assert_eq!(receipt.status, 201, "{receipt:?}");
    assert_eq!(receipt.body["expires_at"], "2026-11-29T12:10:00Z");
    let photo = text(&receipt.body, "photo_id");
    let fields = &receipt.body["upload"]["fields"];
    assert_eq!(fields["key"], format!("quarantine/{photo}"));
    assert_eq!(fields["Content-Type"], "image/jpeg");
    let row = world.row(&format!("PHOTO#{photo}"), "PHOTO").await;
    assert_eq!(
        (&row["state"], &row["owner"]),
        (&json!("waiting"), &json!(world.host.id))
    );
    invariants::check(&world, "an upload form").await;
}

#[tokio::test]
async fn small_photos_are_stored_and_queued() {
    let world = World::open().await;
    let id = world.upload(Some(&world.host), &photo()).await;
    let row = world.photo_row(id).await;
    assert_eq!(
        (&row["state"], &row["owner"]),
        (&json!("looking"), &json!(world.host.id))
    );
    assert_eq!(world.analyses_queued(id), 1);
    let stored = world
        .objects()
        .get(&format!("quarantine/{id}"))
        .await
        .unwrap();
    assert_eq!(stored, Some(photo()));
    let anonymous = world.upload(None, &photo()).await;
    assert_eq!(world.photo_row(anonymous).await["owner"], Value::Null);
    invariants::check(&world, "two photos").await;
}

#[tokio::test]
async fn photos_of_other_types_and_sizes_are_refused() {
    let world = World::open().await;
    let host = &world.host;
    let unknown = json!({ "content_type": "image/png", "bytes": 1, "owner": host.id });
    let cases = [
        (form("image/gif", 1), 400, "not_a_picture"),
        (form("image/svg+xml", 1), 400, "not_a_picture"),
        (form("text/html", 1), 400, "not_a_picture"),
        (form("image/png", 0), 400, "not_a_picture"),
        (form("image/webp", 10 * 1024 * 1024 + 1), 413, "too_large"),
        (
            form("image/png", 1).token("forged.token"),
            401,
            "unauthenticated",
        ),
        (TestRequest::post(PATH, unknown), 400, "bad_json"),
        (
            TestRequest::post(PATH, json!({ "bytes": 1 })),
            400,
            "bad_json",
        ),
    ];
    world.assert_refused("photo-upload", cases).await;
    let before = world.rows_without_limits().await;
    let huge = vec![0; 4 * 1024 * 1024 + 1];
    for (kind, body, status, code) in [
        ("image/gif", &b"GIF89a"[..], 400, "not_a_picture"),
        ("image/png", b"", 400, "not_a_picture"),
        ("image/png", &huge, 413, "too_large"),
        ("application/json", b"{\"content", 400, "bad_json"),
    ] {
        let refused = world.send_photo(Some(host), kind, body).await;
        assert_eq!(
            (refused.status, text(&refused.body, "code")),
            (status, code),
            "{kind}"
        );
    }
    assert_eq!(world.rows_without_limits().await, before);
}

#[tokio::test]
async fn users_and_addresses_upload_a_limited_number_of_photos() {
    let world = World::open().await;
    let host = &world.host;
    for (key, taken, hour) in [
        (format!("photo#{}", host.id), 19, 20),
        ("photo#192.0.2.7".to_owned(), 4, 5),
    ] {
        world
            .fill_limit(&key, taken, Duration::from_secs(3_600 / hour))
            .await;
    }
    for user in [Some(host), None] {
        let statuses = [
            world.send_photo(user, "image/png", &photo()).await.status,
            world.send_photo(user, "image/png", &photo()).await.status,
        ];
        assert_eq!(statuses, [202, 429], "{user:?}");
    }
    let other = world.user().await;
    world
        .fill_limit("photos#192.0.2.7", 300, Duration::from_secs(12))
        .await;
    let refused = world.send_photo(Some(&other), "image/png", &photo()).await;
    assert_eq!(
        (refused.status, text(&refused.body, "code")),
        (429, "rate_limited")
    );
}

struct Form;

impl Story for Form {
    const FUNCTION: &'static str = "photo-upload";
    const SUCCESS: &'static [u16] = &[201];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let request = form("image/jpeg", 1_000).token(&world.host.token);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        let rows = world.rows().await;
        let waiting = rows.iter().filter(|row| row["state"] == "waiting").count();
        assert!(waiting >= 1, "{story}");
    }
}

#[tokio::test]
async fn forms_are_issued_whatever_call_fails() {
    let ran = enumerate_requests::<Form>().await;
    assert!(ran.calls >= 3, "{ran:?}");
}
