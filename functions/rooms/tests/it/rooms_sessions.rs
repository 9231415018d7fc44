//! `rooms-sessions`: issues and renews sessions.

use std::time::Duration;

use confab_testkit::TestRequest;
use serde_json::json;

use crate::{
    scenario::{Story, enumerate_requests},
    world::World,
};

const MONTH_SECONDS: u64 = 30 * 24 * 3600;

fn new_session() -> TestRequest {
    TestRequest::post("/api/sessions/", json!({}))
}

#[tokio::test]
async fn sessions_of_new_users_last_a_month() {
    let world = World::open().await;
    let (one, other) = (world.user().await, world.user().await);
    assert_ne!(one.id, other.id);
    let session = world.send("rooms-sessions", &new_session()).await;
    assert_eq!(session.status, 201);
    assert_eq!(session.body["expires_at"], "2026-12-29T12:00:00Z");
    world.advance(MONTH_SECONDS - 1);
    assert_eq!(world.show(world.room, &one).await.status, 200);
    world.advance(1);
    assert_eq!(world.show(world.room, &one).await.status, 401);
}

#[tokio::test]
async fn sessions_are_renewed_for_the_same_user() {
    let world = World::open().await;
    let user = world.user().await;
    world.advance(MONTH_SECONDS - 1);
    let renewal = new_session().token(&user.token);
    for _ in 0..2 {
        let renewed = world.send("rooms-sessions", &renewal).await;
        assert_eq!(
            (renewed.status, &renewed.body["user_id"]),
            (201, &json!(user.id))
        );
    }
    world.advance(1);
    world
        .assert_refused("rooms-sessions", [(renewal, 401, "expired")])
        .await;
}

#[tokio::test]
async fn sessions_are_refused_for_invalid_requests() {
    let world = World::open().await;
    let named = TestRequest::post("/api/sessions/", json!({ "username": "Dana" }));
    let forged = new_session().token("forged.token");
    let huge = TestRequest::post(
        "/api/sessions/",
        json!({ "padding": "x".repeat(64 * 1024) }),
    );
    world
        .assert_refused(
            "rooms-sessions",
            [
                (named, 400, "bad_json"),
                (forged, 401, "unauthenticated"),
                (huge, 413, "too_large"),
            ],
        )
        .await;
    let cut = world
        .send("rooms-sessions", &new_session().bytes("{\"a"))
        .await;
    assert_eq!((cut.status, cut.code()), (400, "bad_json"));
}

/// After 590 others in the same hour, ten more get a session.
#[tokio::test]
async fn a_crowd_behind_one_address_gets_sessions_and_a_flood_does_not() {
    let world = World::open().await;
    let every = Duration::from_secs(6);
    world.fill_limit("session#192.0.2.7", 590, every).await;
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let session = world.send("rooms-sessions", &new_session()).await;
        statuses.push(session.status);
    }
    assert_eq!(statuses, [[201; 10].as_slice(), &[429; 2]].concat());
    let elsewhere = new_session().source_ip("192.0.2.8");
    let session = world.send("rooms-sessions", &elsewhere).await;
    assert_eq!(session.status, 201, "{session:?}");
    world.advance(6);
    let later = world.send("rooms-sessions", &new_session()).await;
    assert_eq!(later.status, 201, "a token comes back every six seconds");
}

struct NewSession;

impl Story for NewSession {
    const FUNCTION: &'static str = "rooms-sessions";
    const SUCCESS: &'static [u16] = &[201];

    async fn arrange() -> (World, TestRequest) {
        (World::open().await, new_session())
    }

    async fn check(_: &World, _: &str) {}
}

#[tokio::test]
async fn sessions_are_issued_whatever_call_fails() {
    let ran = enumerate_requests::<NewSession>().await;
    assert!(ran.calls >= 1, "{ran:?}");
}
