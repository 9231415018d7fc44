//! Webhooks reach the app: signed, again after a failure, in order, and as badly as one wishes.

use std::{collections::HashSet, time::Duration};

use axum::http::StatusCode;
use confab_messaging::{Channel, Content};
use serde_json::json;

use crate::world::{CORRELATION, World};

#[tokio::test]
async fn a_message_reaches_the_app_signed_and_complete() {
    let world = World::start().await;
    let person = world.person("meta").await;
    let id = world.text(&person, "שלום 👋 \"x\" /").await;
    world.quiet().await;
    let message = world.app.messages().remove(0);
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
    let shown = &world.chat(&person).await[0];
    assert_eq!(
        (shown["status"].as_str(), shown["correlation_id"].as_str()),
        (Some("delivered"), Some(CORRELATION))
    );
    let record = world.seen().remove(0);
    assert_eq!((record.provider, record.ok), ("meta", true));
    assert_eq!(record.correlation_id.as_deref(), Some(CORRELATION));
    assert_eq!(record.reference, Some(id));
    world.stop().await;
}

#[tokio::test]
async fn a_failure_is_tried_again_and_nobody_overtakes() {
    let world = World::start().await;
    let person = world.person("meta").await;
    let failures = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY];
    world.app.answers.lock().unwrap().extend(failures);
    for text in ["one", "two", "three"] {
        world.text(&person, text).await;
    }
    assert_eq!(world.chat(&person).await[0]["status"], "sending");
    world.quiet().await;
    assert_eq!(world.app.texts(), ["one", "two", "three"]);
    assert_eq!(world.app.calls().len(), 5);
}

#[tokio::test]
async fn a_waiting_retry_goes_out_when_the_clock_jumps() {
    let world = World::start().await;
    let person = world.person("meta").await;
    world
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::SERVICE_UNAVAILABLE; 5]);
    world.text(&person, "one").await;
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.pass(Duration::from_secs(60));
    }
    world.quiet().await;
    assert_eq!(world.app.texts(), ["one"]);
}

#[tokio::test]
async fn after_seven_days_a_webhook_is_given_up() {
    let world = World::start().await;
    let person = world.person("meta").await;
    world
        .app
        .answers
        .lock()
        .unwrap()
        .extend([StatusCode::SERVICE_UNAVAILABLE; 2]);
    world.text(&person, "one").await;
    world.until(async || world.app.calls().len() == 1).await;
    world.pass(Duration::from_secs(7 * 24 * 60 * 60 + 1));
    world.quiet().await;
    assert_eq!(world.chat(&person).await[0]["status"], "failed");
}

#[tokio::test]
async fn copies_bring_the_same_message_several_times() {
    let world = World::start().await;
    world.put("settings", json!({"copies": 5})).await;
    let person = world.person("meta").await;
    let ids = [
        world.text(&person, "one").await,
        world.text(&person, "two").await,
    ];
    world.quiet().await;
    let got: Vec<String> = world
        .app
        .messages()
        .into_iter()
        .map(|message| message.id)
        .collect();
    assert_eq!(got.len(), 10);
    assert!(got[..5].iter().all(|id| *id == ids[0]) && got[5..].iter().all(|id| *id == ids[1]));
}

#[tokio::test]
async fn a_shuffle_brings_everything_in_another_order() {
    let world = World::start().await;
    world
        .put("settings", json!({"reorder": true, "copies": 2}))
        .await;
    let person = world.person("meta").await;
    let sent: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    for text in &sent {
        world.text(&person, text).await;
    }
    world.quiet().await;
    let got = world.app.texts();
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
async fn batches_bring_several_messages_in_one_webhook() {
    let world = World::start().await;
    world
        .put("settings", json!({"batch": 10, "delay_ms": 300}))
        .await;
    let (dana, omer) = (world.person("meta").await, world.person("meta").await);
    for n in 0..5 {
        world.text(&dana, &format!("dana {n}")).await;
        world.text(&omer, &format!("omer {n}")).await;
    }
    world.quiet().await;
    let mut texts = world.app.texts();
    assert!(world.app.calls().len() < 10, "{:?}", world.app.calls());
    assert_eq!(texts.len(), 10);
    texts.retain(|text| text.starts_with("dana"));
    assert_eq!(texts, ["dana 0", "dana 1", "dana 2", "dana 3", "dana 4"]);
}

#[tokio::test]
async fn a_delay_holds_webhooks_back() {
    let world = World::start().await;
    world.put("settings", json!({"delay_ms": 60_000})).await;
    let person = world.person("meta").await;
    world.text(&person, "one").await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(world.app.calls().is_empty());
    world.pass(Duration::from_secs(60));
    world.quiet().await;
    assert_eq!(world.app.texts(), ["one"]);
}

#[tokio::test]
async fn a_bad_signature_is_refused_until_it_is_good_again() {
    let world = World::start().await;
    world.put("settings", json!({"signature": "bad"})).await;
    let (meta, twilio) = (world.person("meta").await, world.person("twilio").await);
    world.text(&meta, "one").await;
    world.text(&twilio, "two").await;
    world.until(async || world.app.calls().len() >= 2).await;
    assert!(
        world
            .app
            .calls()
            .iter()
            .all(|status| *status == StatusCode::UNAUTHORIZED)
    );
    world.put("settings", json!({"signature": "good"})).await;
    world.quiet().await;
    assert_eq!(world.app.texts().len(), 2);
}

#[tokio::test]
async fn five_hundred_messages_of_many_people() {
    let world = World::start().await;
    let mut people = Vec::new();
    for _ in 0..25 {
        people.push(world.person("meta").await);
    }
    for n in 0..20 {
        for person in &people {
            world.text(person, &format!("{} {n}", person.id)).await;
        }
    }
    world.quiet().await;
    let texts = world.app.texts();
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
async fn no_more_webhooks_at_once_than_wished() {
    let world = World::start().await;
    world.put("settings", json!({"concurrency": 2})).await;
    *world.app.takes.lock().unwrap() = Duration::from_millis(200);
    for _ in 0..6 {
        let person = world.person("meta").await;
        world.text(&person, "one").await;
    }
    let started = std::time::Instant::now();
    world.quiet().await;
    assert!(started.elapsed() > Duration::from_millis(400));
    assert_eq!(world.app.texts().len(), 6);
}
