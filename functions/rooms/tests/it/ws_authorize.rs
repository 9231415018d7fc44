//! `ws-authorize`: admits the holders of valid tickets.

use serde_json::json;

use crate::{sockets::code, world::World};

#[tokio::test]
async fn tickets_admit_their_user_to_their_room() {
    let world = World::open().await;
    let token = world.ticket(world.room, &world.host).await;
    let context = world.authorize(json!({ "ticket": token })).await.unwrap();
    assert_eq!(context["room"], json!(world.room));
    assert_eq!(
        (&context["user"], &context["principalId"]),
        (&json!(world.host.id), &json!(world.host.id))
    );
    assert_eq!(context["address"], "192.0.2.7");
    assert!(context["ticket"].as_str().unwrap().starts_with("tkt_"));
}

#[tokio::test]
async fn authorizing_calls_no_service() {
    let world = World::open().await;
    let token = world.ticket(world.room, &world.host).await;
    world.state("ws-authorize").await;
    world.cloud.faults().clear();
    for _ in 0..2 {
        world.authorize(json!({ "ticket": token })).await.unwrap();
    }
    assert!(world.cloud.faults().calls().is_empty());
}

#[tokio::test]
async fn connections_without_a_valid_ticket_are_refused() {
    let world = World::open().await;
    let token = world.ticket(world.room, &world.host).await;
    let mut forged = token.clone().into_bytes();
    forged[20] = if forged[20] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    for query in [
        json!(null),
        json!({}),
        json!({ "ticket": "" }),
        json!({ "ticket": "ticket" }),
        json!({ "ticket": "x".repeat(100_000) }),
        json!({ "ticket": forged }),
        json!({ "ticket": world.host.token }),
        json!({ "token": token }),
    ] {
        assert_eq!(
            code(world.authorize(query.clone()).await),
            "unauthenticated",
            "{query}"
        );
    }
    world.advance(30);
    assert_eq!(
        code(world.authorize(json!({ "ticket": token })).await),
        "expired"
    );
}
