//! State that survives a kill and a restart.

use axum::http::StatusCode;
use serde_json::json;

use crate::fixture::Fixture;

#[tokio::test]
async fn owed_webhooks_go_out_after_a_restart() {
    let fixture = Fixture::start().await;
    let (meta, twilio) = (fixture.person("meta").await, fixture.person("twilio").await);
    fixture.put("settings", json!({"delay_ms": 500})).await;
    fixture.text(&meta, "one").await;
    fixture.text(&meta, "two").await;
    fixture.text(&twilio, "three").await;
    let fixture = fixture.restart_after_kill().await;
    assert_eq!(fixture.get("settings").await["delay_ms"], 500);
    assert_eq!(fixture.chat(&meta).await.len(), 2);
    fixture.wait_until_delivered().await;
    let mut texts = fixture.app.texts();
    texts.sort();
    assert_eq!(texts, ["one", "three", "two"]);
}

#[tokio::test]
async fn retries_and_their_order_survive_a_restart() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    fixture
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::SERVICE_UNAVAILABLE]);
    fixture.text(&person, "one").await;
    fixture.text(&person, "two").await;
    fixture.until(async || fixture.app.calls().len() == 1).await;
    let fixture = fixture.restart_after_kill().await;
    fixture.text(&person, "three").await;
    fixture.wait_until_delivered().await;
    assert_eq!(fixture.app.texts(), ["one", "two", "three"]);
}

#[tokio::test]
async fn messages_of_the_app_and_their_statuses_survive_a_restart() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    fixture.text(&person, "hi").await;
    fixture.wait_until_delivered().await;
    fixture.put("settings", json!({"delay_ms": 500})).await;
    let sent = fixture.meta().send(&person.text("hello")).await.unwrap();
    let fixture = fixture.restart_after_kill().await;
    assert_eq!(
        fixture.chat(&person).await[1]["id"],
        sent.message_id.as_str()
    );
    fixture.wait_until_delivered().await;
    assert_eq!(fixture.app.statuses().len(), 2);
}

#[tokio::test]
async fn shutdown_ends_open_streams_and_loses_no_webhook() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    let stream = fixture
        .http
        .get(format!("{}/api/phone/stream", fixture.base_url))
        .send()
        .await
        .unwrap();
    fixture.put("settings", json!({"delay_ms": 60_000})).await;
    fixture.text(&person, "one").await;
    fixture.stop().await;
    let rest = stream.text().await.unwrap();
    assert!(rest.contains("event: message"), "{rest}");
}
