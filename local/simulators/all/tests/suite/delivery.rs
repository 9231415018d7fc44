//! Delivery of webhooks: signatures, retries, order and injected disorder.

use std::{collections::HashSet, time::Duration};

use axum::http::StatusCode;
use confab_messaging::{Channel, Content};
use serde_json::json;

use crate::fixture::{CORRELATION, Fixture};

#[tokio::test]
async fn messages_reach_the_app_signed_and_complete() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    let id = fixture.text(&person, "שלום 👋 \"x\" /").await;
    fixture.wait_until_delivered().await;
    let message = fixture.app.messages().remove(0);
    assert_eq!(message.id, id);
    assert_eq!(message.from.channel, Channel::Meta);
    assert_eq!(message.from.business, "106540352242922");
    assert_eq!(message.from.person.phone.unwrap().digits(), person.phone);
    assert_eq!(message.from.person.scoped_id.map(|id| id.0), person.user_id);
    assert_eq!(message.name, Some("Dana".into()));
    assert_eq!(
        message.content,
        Content::Text {
            text: "שלום 👋 \"x\" /".into()
        }
    );
    let shown = &fixture.chat(&person).await[0];
    assert_eq!(
        (shown["status"].as_str(), shown["correlation_id"].as_str()),
        (Some("delivered"), Some(CORRELATION))
    );
    let record = fixture.call_records().remove(0);
    assert_eq!((record.provider, record.ok), ("meta", true));
    assert_eq!(record.correlation_id.as_deref(), Some(CORRELATION));
    assert_eq!(record.reference, Some(id));
    fixture.stop().await;
}

#[tokio::test]
async fn failed_webhooks_are_retried_in_order() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    let failures = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY];
    fixture.app.answers.lock().unwrap().extend(failures);
    for text in ["one", "two", "three"] {
        fixture.text(&person, text).await;
    }
    assert_eq!(fixture.chat(&person).await[0]["status"], "sending");
    fixture.wait_until_delivered().await;
    assert_eq!(fixture.app.texts(), ["one", "two", "three"]);
    assert_eq!(fixture.app.calls().len(), 5);
}

#[tokio::test]
async fn retries_go_out_when_the_clock_jumps() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    fixture
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::SERVICE_UNAVAILABLE; 5]);
    fixture.text(&person, "one").await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        fixture.advance_clock(Duration::from_secs(60));
    }
    fixture.wait_until_delivered().await;
    assert_eq!(fixture.app.texts(), ["one"]);
}

#[tokio::test]
async fn webhooks_are_abandoned_after_seven_days() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    fixture
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::SERVICE_UNAVAILABLE; 2]);
    fixture.text(&person, "one").await;
    fixture.until(async || fixture.app.calls().len() == 1).await;
    fixture.advance_clock(Duration::from_secs(7 * 24 * 60 * 60 + 1));
    fixture.wait_until_delivered().await;
    assert_eq!(fixture.chat(&person).await[0]["status"], "failed");
}

#[tokio::test]
async fn copies_deliver_one_message_several_times() {
    let fixture = Fixture::start().await;
    fixture.put("settings", json!({"copies": 5})).await;
    let person = fixture.person("meta").await;
    let ids = [
        fixture.text(&person, "one").await,
        fixture.text(&person, "two").await,
    ];
    fixture.wait_until_delivered().await;
    let got: Vec<String> = fixture
        .app
        .messages()
        .into_iter()
        .map(|message| message.id)
        .collect();
    assert_eq!(got.len(), 10);
    assert!(got[..5].iter().all(|id| *id == ids[0]) && got[5..].iter().all(|id| *id == ids[1]));
}

#[tokio::test]
async fn reordering_delivers_everything_in_another_order() {
    let fixture = Fixture::start().await;
    fixture
        .put("settings", json!({"reorder": true, "copies": 2}))
        .await;
    let person = fixture.person("meta").await;
    let sent: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    for text in &sent {
        fixture.text(&person, text).await;
    }
    fixture.wait_until_delivered().await;
    let got = fixture.app.texts();
    assert_eq!(got.len(), 80);
    assert_eq!(
        got.iter().collect::<HashSet<_>>(),
        sent.iter().collect::<HashSet<_>>()
    );
    let mut first: Vec<&String> = Vec::new();
    for text in &got {
        if !first.contains(&text) {
            first.push(text);
        }
    }
    assert_ne!(first, sent.iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn batches_deliver_several_messages_in_one_webhook() {
    let fixture = Fixture::start().await;
    fixture
        .put("settings", json!({"batch": 10, "delay_ms": 300}))
        .await;
    let (dana, omer) = (fixture.person("meta").await, fixture.person("meta").await);
    for n in 0..5 {
        fixture.text(&dana, &format!("dana {n}")).await;
        fixture.text(&omer, &format!("omer {n}")).await;
    }
    fixture.wait_until_delivered().await;
    let mut texts = fixture.app.texts();
    assert!(fixture.app.calls().len() < 10, "{:?}", fixture.app.calls());
    assert_eq!(texts.len(), 10);
    texts.retain(|text| text.starts_with("dana"));
    assert_eq!(texts, ["dana 0", "dana 1", "dana 2", "dana 3", "dana 4"]);
}

#[tokio::test]
async fn delays_hold_webhooks_back() {
    let fixture = Fixture::start().await;
    fixture.put("settings", json!({"delay_ms": 60_000})).await;
    let person = fixture.person("meta").await;
    fixture.text(&person, "one").await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(fixture.app.calls().is_empty());
    fixture.advance_clock(Duration::from_secs(60));
    fixture.wait_until_delivered().await;
    assert_eq!(fixture.app.texts(), ["one"]);
}

#[tokio::test]
async fn invalid_signatures_are_refused_until_they_are_valid_again() {
    let fixture = Fixture::start().await;
    fixture.put("settings", json!({"signature": "bad"})).await;
    let (meta, twilio) = (fixture.person("meta").await, fixture.person("twilio").await);
    fixture.text(&meta, "one").await;
    fixture.text(&twilio, "two").await;
    fixture.until(async || fixture.app.calls().len() >= 2).await;
    assert!(
        fixture
            .app
            .calls()
            .iter()
            .all(|status| *status == StatusCode::UNAUTHORIZED)
    );
    fixture.put("settings", json!({"signature": "good"})).await;
    fixture.wait_until_delivered().await;
    assert_eq!(fixture.app.texts().len(), 2);
}

#[tokio::test]
async fn five_hundred_messages_of_many_people_arrive_in_order() {
    let fixture = Fixture::start().await;
    let mut people = Vec::new();
    for _ in 0..25 {
        people.push(fixture.person("meta").await);
    }
    for n in 0..20 {
        for person in &people {
            fixture.text(person, &format!("{} {n}", person.id)).await;
        }
    }
    fixture.wait_until_delivered().await;
    let texts = fixture.app.texts();
    assert_eq!(texts.len(), 500);
    for person in &people {
        let own: Vec<&String> = texts
            .iter()
            .filter(|text| text.starts_with(&person.id))
            .collect();
        let expected: Vec<String> = (0..20).map(|n| format!("{} {n}", person.id)).collect();
        assert_eq!(own, expected.iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn concurrency_bounds_webhooks_in_flight() {
    let fixture = Fixture::start().await;
    fixture.put("settings", json!({"concurrency": 2})).await;
    *fixture.app.takes.lock().unwrap() = Duration::from_millis(200);
    for _ in 0..6 {
        let person = fixture.person("meta").await;
        fixture.text(&person, "one").await;
    }
    let started = std::time::Instant::now();
    fixture.wait_until_delivered().await;
    assert!(started.elapsed() > Duration::from_millis(400));
    assert_eq!(fixture.app.texts().len(), 6);
}
