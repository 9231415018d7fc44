//! `ws-ticket`: issues tickets that open one socket each.

use std::time::Duration;

use confab_testkit::TestRequest;
use serde_json::json;

use crate::{
    scenario::{Story, enumerate_requests},
    world::{World, text},
};

#[tokio::test]
async fn tickets_are_issued_to_those_who_may_read() {
    let world = World::open().await;
    let (member, reader) = (world.member("Noa").await, world.user().await);
    for user in [&world.host, &member, &reader] {
        let ticket = world
            .send("ws-ticket", &world.ticket_request(world.room, user))
            .await;
        assert_eq!(
            (ticket.status, &ticket.body["expires_at"]),
            (201, &json!("2026-11-29T12:00:30Z"))
        );
        let url = text(&ticket.body, "url");
        assert!(
            url.starts_with("ws") && url.contains("/live?ticket="),
            "{url}"
        );
        assert!(!url.contains(&user.id.to_string()), "a ticket is sealed");
    }
    let (one, other) = (
        world.ticket(world.room, &member).await,
        world.ticket(world.room, &member).await,
    );
    assert_ne!(one, other);
}

#[tokio::test]
async fn tickets_are_refused_with_a_reason() {
    let world = World::open().await;
    let (banned, stranger) = (world.member("Noa").await, world.user().await);
    world.moderate(&banned, "ban").await;
    let private = json!({ "name": "Backstage", "username": "Dana", "is_private": true, "access_code": "Sesame" });
    let private = world.create_room(&world.host, private).await;
    let ticket = |body| TestRequest::post("/api/ws-ticket", body);
    let valid = || json!({ "code": world.room });
    let cases = [
        (ticket(valid()), 401, "unauthenticated"),
        (
            ticket(valid()).token("forged.token"),
            401,
            "unauthenticated",
        ),
        (ticket(valid()).token(&banned.token), 404, "room_not_found"),
        (
            world.ticket_request(private, &stranger),
            404,
            "room_not_found",
        ),
        (
            ticket(json!({ "code": "0000000000" })).token(&stranger.token),
            404,
            "room_not_found",
        ),
        (
            ticket(json!({ "code": "nowhere" })).token(&stranger.token),
            400,
            "bad_json",
        ),
        (
            ticket(json!({ "code": world.room, "user": banned.id })).token(&stranger.token),
            400,
            "bad_json",
        ),
        (
            ticket(json!({ "code": "x".repeat(64 * 1024) })).token(&stranger.token),
            413,
            "too_large",
        ),
    ];
    world.assert_refused("ws-ticket", cases).await;
}

#[tokio::test]
async fn users_get_sixty_tickets_at_once() {
    let world = World::open().await;
    let key = format!("ticket#{}", world.host.id);
    world.fill_limit(&key, 59, Duration::from_secs(2)).await;
    world.ticket(world.room, &world.host).await;
    let refused = world
        .send("ws-ticket", &world.ticket_request(world.room, &world.host))
        .await;
    assert_eq!(
        (refused.status, text(&refused.body, "code")),
        (429, "rate_limited")
    );
    world.advance(2);
    world.ticket(world.room, &world.host).await;
}

struct Ticket;

impl Story for Ticket {
    const FUNCTION: &'static str = "ws-ticket";
    const SUCCESS: &'static [u16] = &[201];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let request = world.ticket_request(world.room, &world.host);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        let rows = world.rows().await;
        let live = rows.iter().find(|row| text(row, "pk").starts_with("LIVE#"));
        assert_eq!(live, None, "{story}: a ticket is no connection");
    }
}

#[tokio::test]
async fn tickets_are_issued_whatever_call_fails() {
    let ran = enumerate_requests::<Ticket>().await;
    assert!(ran.calls >= 2, "{ran:?}");
}
