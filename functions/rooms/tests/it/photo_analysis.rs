//! `photo-analysis`: the progress and the result of an analysis, which the first request after an upload queues.

use std::time::Duration;

use confab_core::PhotoId;
use confab_testkit::{Cloud, TestRequest};
use serde_json::{Value, json};

use crate::{
    invariants,
    model::{Model, photo},
    scenario::{Story, enumerate_requests},
    world::{User, World, text},
};

fn progress(photo: PhotoId, user: Option<&User>) -> TestRequest {
    let request = TestRequest::get(format!("/api/photo-analysis/{photo}/"));
    match user {
        Some(user) => request.token(&user.token),
        None => request,
    }
}

async fn show(world: &World, photo: PhotoId, user: Option<&User>) -> Value {
    let shown = world.send("photo-analysis", &progress(photo, user)).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    shown.body
}

/// Requests a form, and returns the photo's id.
async fn new_form(world: &World, user: &User) -> PhotoId {
    let form = json!({ "content_type": "image/png", "bytes": 1_000 });
    let form = TestRequest::post("/api/photo-analysis/upload/", form).token(&user.token);
    let receipt = world.send("photo-upload", &form).await;
    text(&receipt.body, "photo_id").parse().unwrap()
}

async fn upload_to_form(world: &World, id: PhotoId) {
    let key = format!("quarantine/{id}");
    world
        .objects()
        .put(&key, "image/png", photo())
        .await
        .unwrap();
}

#[tokio::test]
async fn uploaded_photos_are_queued_by_the_first_request() {
    let world = World::open().await;
    let id = new_form(&world, &world.host).await;
    let user = Some(&world.host);
    assert_eq!(show(&world, id, user).await["state"], "waiting");
    assert_eq!(world.analyses_queued(id), 0);
    upload_to_form(&world, id).await;
    for _ in 0..3 {
        let shown = show(&world, id, user).await;
        assert_eq!(
            (&shown["state"], &shown["steps"]),
            (&json!("looking"), &json!(3))
        );
    }
    assert_eq!(world.analyses_queued(id), 1);
    invariants::check(&world, "a queued photo").await;
}

/// The worker has crashed, or its message was lost.
#[tokio::test]
async fn abandoned_analyses_are_queued_again_after_two_minutes() {
    let world = World::open().await;
    let id = world.upload(Some(&world.host), &photo()).await;
    let user = Some(&world.host);
    world.advance(120);
    show(&world, id, user).await;
    assert_eq!(world.analyses_queued(id), 1);
    world.advance(1);
    for _ in 0..2 {
        show(&world, id, user).await;
    }
    assert_eq!(world.analyses_queued(id), 2);
}

#[tokio::test]
async fn results_have_a_caption_suggestions_and_similar_rooms() {
    let mut cloud = Cloud::open().await;
    let _model = Model::serve(&mut cloud).await;
    let world = World::over(cloud).await;
    let first = world.analyzed(Some(&world.host), &photo()).await;
    let new = json!({ "name": "The field", "username": "Dana", "photo_id": first });
    let room = world.create_room(&world.host, new).await;
    let other = world.user().await;
    let second = world.analyzed(Some(&other), &photo()).await;
    let shown = show(&world, second, Some(&other)).await;
    assert_eq!(
        (&shown["state"], &shown["step"], &shown["code"]),
        (&json!("done"), &json!(3), &Value::Null)
    );
    assert_eq!(
        (&shown["photo"]["width"], &shown["photo"]["height"]),
        (&json!(96), &json!(96))
    );
    assert!(!text(&shown["caption"], "caption").is_empty(), "{shown}");
    assert!(
        !shown["suggestions"].as_array().unwrap().is_empty(),
        "{shown}"
    );
    let similar =
        json!([{ "code": room, "name": "The field", "online": 0, "why": "the same photo" }]);
    assert_eq!(shown["similar"], similar);
    world
        .change(room, &world.host, json!({ "is_public": false }))
        .await;
    assert_eq!(
        show(&world, second, Some(&other)).await["similar"],
        json!([]),
        "a hidden room is not shown"
    );
    world.close(room, &world.host).await;
    assert_eq!(
        show(&world, second, Some(&other)).await["similar"],
        json!([]),
        "a closed room is not shown"
    );
}

#[tokio::test]
async fn refused_photos_have_a_reason_and_no_links() {
    let mut cloud = Cloud::open().await;
    let _model = Model::serve(&mut cloud).await;
    let world = World::over(cloud).await;
    let id = world.upload(Some(&world.host), b"no picture").await;
    world.analyze(id).await.unwrap();
    let shown = show(&world, id, Some(&world.host)).await;
    assert_eq!(
        (&shown["state"], &shown["code"], &shown["photo"]),
        (&json!("refused"), &json!("not_a_picture"), &Value::Null)
    );
    assert_eq!(world.analyses_queued(id), 1);
    invariants::check(&world, "a refused photo").await;
}

#[tokio::test]
async fn photos_are_shown_to_their_owner_alone() {
    let world = World::open().await;
    let other = world.user().await;
    let owned = world.upload(Some(&world.host), &photo()).await;
    let anonymous = world.upload(None, &photo()).await;
    assert_eq!(show(&world, anonymous, None).await["state"], "looking");
    assert_eq!(
        show(&world, anonymous, Some(&other)).await["state"],
        "looking"
    );
    let unknown = TestRequest::get("/api/photo-analysis/pho_00000000000000000000000000/");
    let cases = [
        (progress(owned, None), 404, "photo_not_found"),
        (progress(owned, Some(&other)), 404, "photo_not_found"),
        (
            progress(owned, None).token("forged.token"),
            401,
            "unauthenticated",
        ),
        (unknown, 404, "photo_not_found"),
        (
            TestRequest::get("/api/photo-analysis/photo/"),
            404,
            "photo_not_found",
        ),
    ];
    world.assert_refused("photo-analysis", cases).await;
}

#[tokio::test]
async fn photos_expire_after_a_week() {
    let world = World::open().await;
    let id = world.upload(None, &photo()).await;
    world.clock().advance(Duration::from_secs(168 * 3600));
    let cases = [(progress(id, None), 404, "photo_not_found")];
    world.assert_refused("photo-analysis", cases).await;
}

struct FirstLook;

impl Story for FirstLook {
    const FUNCTION: &'static str = "photo-analysis";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let id = new_form(&world, &world.host).await;
        upload_to_form(&world, id).await;
        let request = progress(id, Some(&world.host));
        (world, request)
    }

    /// A client asks every few seconds: it has asked again after the claim of a process that died.
    async fn check(world: &World, story: &str) {
        let rows = world.rows().await;
        let photo = rows.iter().find(|row| row["sk"] == "PHOTO").unwrap();
        let id = text(photo, "photo_id").parse().unwrap();
        assert_eq!(photo["state"], "looking", "{story}");
        world.advance(121);
        show(world, id, Some(&world.host)).await;
        assert!(world.analyses_queued(id) >= 1, "{story}");
    }
}

#[tokio::test]
async fn analyses_are_queued_whatever_call_fails() {
    let ran = enumerate_requests::<FirstLook>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}
