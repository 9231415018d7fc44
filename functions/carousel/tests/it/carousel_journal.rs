//! `carousel-journal`: each event is kept once and counted once, in any order.

use std::time::Duration;

use carousel::workers::carousel_conversation::ConversationJob;
use confab_aws::{Condition, text};
use confab_core::{Kind, Result};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate, sample};
use serde_json::{Value, json};

use crate::{
    journal::{TODAY, completed, event, requested},
    world::{CONVERSATION_QUEUE, REDELIVERY_DELAY, World},
};

#[tokio::test]
async fn events_of_a_carousel_are_listed_in_causal_order() {
    let world = World::open().await;
    let dana = world.person("en").await;
    world.say(&dana, "/carousel 2: small habits").await;
    assert!(world.run_journal().await >= 9);
    let published = world.cloud.events();
    let is_request = |event: &&Value| event["type"] == "carousel.generate.requested";
    let request = published.iter().find(is_request).unwrap();
    let chain = request["correlation_id"].as_str().unwrap();
    let page = world.events(&format!("correlationId={chain}")).await;
    let events = page["events"].as_array().unwrap();
    let types: Vec<_> = events
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect();
    let expected = [
        "user.message.received",
        "carousel.generate.requested",
        "ai.content.requested",
        "ai.analysis.completed",
        "carousel.content.analyzed",
        "carousel.slides.generated",
        "carousel.images.rendered",
        "carousel.delivered",
        "carousel.completed",
    ];
    assert_eq!(types, expected);
    assert_eq!(page["next"], Value::Null);
    assert_eq!(events[1]["correlationId"], json!(chain));
    assert_eq!(events[1]["version"], "1");
    for key in [
        "id",
        "timestamp",
        "source",
        "data",
        "metadata",
        "causationId",
    ] {
        assert!(!events[1][key].is_null(), "{key}");
    }
    let stats = world.stats().await;
    assert_eq!(stats["counters"]["completed"], 1, "{stats}");
    assert_eq!(stats["counters"]["slides.rendered"], 2, "{stats}");
}

#[tokio::test]
async fn copies_and_any_order_add_up_to_equal_totals() {
    let story = |world: &World| {
        let start = world.now();
        let one = |number: u64| {
            let at = start + Duration::from_secs(number * 61);
            if number.is_multiple_of(2) {
                requested(number, at)
            } else {
                completed(number, at, number * 100)
            }
        };
        (0..60).map(one).collect::<Vec<_>>()
    };
    let (orderly, wild) = (World::open().await, World::open().await);
    for event in &story(&orderly) {
        orderly.journal(event).await.unwrap();
    }
    let mut events = story(&wild);
    events.extend(events.clone().into_iter().step_by(3));
    let length = events.len();
    for number in 0..length {
        wild.journal(&events[number * 37 % length]).await.unwrap();
    }
    assert_eq!(orderly.check_rollups("in order").await, 60);
    assert_eq!(wild.check_rollups("with copies").await, 60);
    for world in [&orderly, &wild] {
        world.clock().advance(Duration::from_secs(3_600));
    }
    let (one, other) = (orderly.stats().await, wild.stats().await);
    assert_eq!(one["counters"]["requested"], 30, "{one}");
    assert_eq!(one, other);
}

#[tokio::test]
async fn concurrent_events_of_one_hour_are_all_counted() {
    let world = World::open().await;
    let events: Vec<_> = (0..40)
        .map(|number| requested(number, world.now()))
        .collect();
    let journaled = futures::future::join_all(events.iter().map(|event| world.journal(event)));
    assert!(journaled.await.iter().all(Result::is_ok));
    assert_eq!(world.check_rollups("at once").await, 40);
    assert_eq!(world.stats().await["counters"]["requested"], 40);
}

#[tokio::test]
async fn person_has_one_row_a_day() {
    let world = World::open().await;
    for number in 0..8 {
        // One owner, two steps, many ids.
        world
            .journal(&requested(number * 7, world.now()))
            .await
            .unwrap();
        let written = json!({ "owner": "0", "kind": "text" });
        let written = event(100 + number, world.now(), "user.message.received", &written);
        world.journal(&written).await.unwrap();
    }
    let mut rows = Vec::new();
    for split in 0..4 {
        let pk = format!("PEOPLE#1#{TODAY}#{split}");
        let keys = Condition::expression("pk = :pk").value(":pk", text(pk));
        rows.extend(world.journal_table().query(None, keys, 10).await.unwrap());
    }
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["steps"].as_ss().unwrap().len(), 2);
}

#[tokio::test]
async fn failed_calls_of_telegram_are_counted() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let faults = json!({ "calls": [{ "method": "sendMessage", "retry_after": 2 },
        { "method": "sendMediaGroup", "drop_after": true }] });
    world.control("PUT", "/api/telegram/faults", &faults).await;
    let update = world.write(&dana, "/carousel 2: small habits").await;
    world.receive(&update).await;
    let job: ConversationJob = world.take(CONVERSATION_QUEUE).pop().unwrap();
    world.conversation(job.clone()).await.unwrap_err();
    world.clock().advance(REDELIVERY_DELAY);
    world.conversation(job).await.unwrap();
    world.run().await;
    world.run_journal().await;
    let counters = &world.stats().await["counters"];
    let failures = (&counters["telegram.limited"], &counters["telegram.unknown"]);
    assert_eq!(failures, (&json!(1), &json!(1)), "{counters}");
}

#[tokio::test]
async fn hour_of_an_event_is_that_in_which_it_occurred() {
    let world = World::open().await;
    let late = completed(1, world.now(), 900);
    world.clock().advance(Duration::from_secs(3 * 3_600));
    world.journal(&late).await.unwrap();
    assert_eq!(
        world.stats().await["stages"][0]["hour"],
        "2026-11-29T12:00:00Z"
    );
}

#[tokio::test]
async fn events_that_cannot_be_read_are_kept_and_count_as_events_alone() {
    let sound = requested(1, "2026-11-29T12:00:00Z".parse().unwrap());
    let with = |key: &str, value: Value| {
        let mut event = sound.clone();
        event[key] = value;
        event
    };
    for unread in [
        with("version", json!(2)),
        with("version", json!(0)),
        with("data", json!({ "subject": "x" })),
        with("data", Value::Null),
    ] {
        let world = World::open().await;
        for _ in 0..2 {
            world.journal(&unread).await.unwrap();
        }
        assert_eq!(world.check_rollups("unread").await, 1, "{unread}");
        let stats = world.stats().await;
        assert_eq!(stats["eventBus"]["totalEventsProcessed"], 1, "{stats}");
        assert_eq!(stats["counters"]["requested"], Value::Null, "{stats}");
    }
}

#[tokio::test]
async fn events_that_are_too_large_fail_for_good_and_change_nothing() {
    let world = World::open().await;
    let long = "x".repeat(20_000);
    let mut hostile = requested(1, world.now());
    hostile["data"] = json!(long);
    for hostile in [hostile, event(1, world.now(), &long, &json!({}))] {
        let error = world.journal(&hostile).await.unwrap_err();
        assert_eq!(
            (error.code(), error.kind()),
            ("event_too_large", Kind::Internal)
        );
    }
    assert_eq!(world.check_rollups("refused").await, 0);
    assert_eq!(world.stats().await["eventBus"]["totalEventsProcessed"], 0);
}

#[test]
fn carousel_journal_sample_is_a_message_of_its_queue() {
    let event = sample("carousel", "carousel-journal.requested");
    let body = event["Records"][0]["body"].as_str().unwrap();
    serde_json::from_str::<carousel::workers::carousel_journal::BusMessage>(body).unwrap();
}

/// An event is journaled while any call fails.
struct Journaling(World);

impl Scenario for Journaling {
    async fn arrange() -> Self {
        Self(World::open().await)
    }

    fn faults(&self) -> &Faults {
        self.0.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let at = "2026-11-29T12:00:00Z".parse().unwrap();
        self.0.journal(&requested(1, at)).await
    }

    async fn check(&self, story: &str) {
        assert_eq!(self.0.check_rollups(story).await, 1, "{story}");
        let stats = self.0.stats().await;
        assert_eq!(stats["counters"]["requested"], 1, "{story}");
        assert_eq!(
            stats["funnel"][1],
            json!({ "step": "topic", "people": 1 }),
            "{story}"
        );
    }
}

#[tokio::test]
async fn event_is_counted_once_whatever_call_fails() {
    let Enumeration { calls, runs } = enumerate::<Journaling>().await;
    assert!((calls, runs) >= (2, 10), "{calls} calls, {runs} runs");
}
