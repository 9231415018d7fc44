//! What was answered with success is not lost, however the process ends.

use axum::http::StatusCode;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn webhooks_that_are_owed_go_out_after_the_next_start() {
    let world = World::start().await;
    let (meta, twilio) = (world.person("meta").await, world.person("twilio").await);
    world.put("settings", json!({"delay_ms": 500})).await;
    world.text(&meta, "one").await;
    world.text(&meta, "two").await;
    world.text(&twilio, "three").await;
    let world = world.killed_and_started_again().await;
    assert_eq!(world.get("settings").await["delay_ms"], 500);
    assert_eq!(world.chat(&meta).await.len(), 2);
    world.quiet().await;
    let mut texts = world.app.texts();
    texts.sort();
    assert_eq!(texts, ["one", "three", "two"]);
}

#[tokio::test]
async fn a_retry_survives_and_so_does_the_order() {
    let world = World::start().await;
    let person = world.person("meta").await;
    world
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::SERVICE_UNAVAILABLE]);
    world.text(&person, "one").await;
    world.text(&person, "two").await;
    world.until(async || world.app.calls().len() == 1).await;
    let world = world.killed_and_started_again().await;
    world.text(&person, "three").await;
    world.quiet().await;
    assert_eq!(world.app.texts(), ["one", "two", "three"]);
}

#[tokio::test]
async fn a_message_of_the_app_and_its_statuses_survive() {
    let world = World::start().await;
    let person = world.person("meta").await;
    world.text(&person, "hi").await;
    world.quiet().await;
    world.put("settings", json!({"delay_ms": 500})).await;
    let sent = world.meta().send(&person.text("hello")).await.unwrap();
    let world = world.killed_and_started_again().await;
    assert_eq!(world.chat(&person).await[1]["id"], sent.message_id.as_str());
    world.quiet().await;
    assert_eq!(world.app.statuses().len(), 2);
}

#[tokio::test]
async fn a_clean_stop_ends_open_streams_and_loses_nothing() {
    let world = World::start().await;
    let person = world.person("meta").await;
    let stream = world
        .http
        .get(format!("{}/api/phone/stream", world.base_url))
        .send()
        .await
        .unwrap();
    world.put("settings", json!({"delay_ms": 60_000})).await;
    world.text(&person, "one").await;
    world.stop().await;
    let rest = stream.text().await.unwrap();
    assert!(rest.contains("event: message"), "{rest}");
}
