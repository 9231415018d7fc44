//! `carousel-sweep`: deadlines that have passed are queued once a minute, and what changed is told once.

use std::{collections::BTreeSet, time::Duration};

use carousel::workers::carousel_conversation::ConversationJob;
use confab_aws::{DeadLetter, Queue};
use confab_core::{CorrelationId, Result};
use confab_testkit::{Enumeration, Fault, Faults, Scenario, enumerate};
use serde_json::{Value, json};

use crate::{
    carousel_write_money::{lose_answers, other_ideas, reservation},
    journal::event,
    model::{PLENTY, budgets},
    world::{CONVERSATION_QUEUE, World},
};

fn due(world: &World) -> Vec<String> {
    let jobs = world
        .jobs::<ConversationJob>(CONVERSATION_QUEUE)
        .into_iter();
    jobs.filter_map(|job| {
        let ConversationJob::V1 { id, .. } = job;
        id.starts_with("due#").then_some(id)
    })
    .collect()
}

#[tokio::test]
async fn passed_deadlines_are_queued_once_a_minute() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let update = world.write(&dana, "/carousel small habits").await;
    world.receive(&update).await;
    let job = world.jobs(CONVERSATION_QUEUE).pop().unwrap();
    // The texts are never written.
    world.conversation(job).await.unwrap();
    world.sweep().await.unwrap();
    assert_eq!(due(&world).len(), 0, "nothing is due yet");
    world.clock().advance(Duration::from_secs(60));
    for _ in 0..2 {
        world.sweep().await.unwrap();
    }
    assert_eq!(
        due(&world).len(),
        1,
        "a schedule that fires twice is one run"
    );
    world.clock().advance(Duration::from_secs(60));
    world.sweep().await.unwrap();
    assert_eq!(due(&world).len(), 2, "what stays due is queued again");
}

#[tokio::test]
async fn carousel_that_stays_due_is_queued_ever_more_rarely() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let update = world.write(&dana, "/carousel small habits").await;
    world.receive(&update).await;
    let job = world.jobs(CONVERSATION_QUEUE).pop().unwrap();
    world.conversation(job).await.unwrap();
    let mut minutes = Vec::new();
    for minute in 0..=130 {
        let before = due(&world).len();
        world.sweep().await.unwrap();
        minutes.extend((due(&world).len() > before).then_some(minute));
        world.clock().advance(Duration::from_secs(60));
    }
    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 120]);
}

#[tokio::test]
async fn texts_that_were_never_written_are_asked_for_again() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let update = world.write(&dana, "/carousel 2: small habits").await;
    world.receive(&update).await;
    let job = world.jobs(CONVERSATION_QUEUE).pop().unwrap();
    world.conversation(job).await.unwrap();
    let lost = world.cloud.queued(crate::world::WRITE_QUEUE).len();
    world.skip(crate::world::WRITE_QUEUE, lost);
    world.clock().advance(Duration::from_secs(60));
    world.sweep().await.unwrap();
    world.run().await;
    assert_eq!(world.photos(&dana).await, 2);
}

/// Returns the data of the events of a type that were published, each once.
fn published(world: &World, event_type: &str) -> Vec<Value> {
    let mut events = world.cloud.events();
    events.retain(|event| event["type"] == event_type);
    let mut ids = BTreeSet::new();
    events.retain(|event| ids.insert(event["id"].to_string()));
    events
}

/// Returns the transitions of alerts. Nothing takes messages off the queues of a test, so that its journal always lags.
fn transitions(world: &World) -> Vec<(String, bool)> {
    let mut alerts = published(world, "alert.triggered");
    alerts.retain(|alert| alert["data"]["rule"] != "journal_lag");
    let alerts = alerts.into_iter();
    let transition = |alert: Value| {
        let data = &alert["data"];
        let rule = data["rule"].as_str().unwrap().to_owned();
        (rule, data["is_resolved"].as_bool().unwrap())
    };
    alerts.map(transition).collect()
}

async fn dead_letter(world: &World, correlation_id: CorrelationId) {
    let env = world.cloud.env("carousel-sweep");
    let urls = env.required("CONFAB_DEAD_LETTER_QUEUE_URLS").unwrap();
    let url = urls
        .split(',')
        .find(|url| url.ends_with("write-dlq"))
        .unwrap();
    let letter = DeadLetter {
        message_id: "m-1",
        body: "not json",
        group: None,
        correlation_id,
        reason: "unreadable_job: Something went wrong: small habits",
    };
    let queue = Queue::new(&world.cloud.aws("carousel-write"), url);
    queue.dead_letter(letter).await.unwrap();
}

#[tokio::test]
async fn unknown_message_alerts_once_and_is_resolved_once() {
    let world = World::open().await;
    let failed = event(
        1,
        world.now(),
        "telegram.call.failed",
        &json!({ "failure": "unknown" }),
    );
    world.journal(&failed).await.unwrap();
    for _ in 0..30 {
        world.sweep().await.unwrap();
        world.clock().advance(Duration::from_secs(60));
    }
    let expected = [false, true].map(|is_resolved| ("message_unknown".to_owned(), is_resolved));
    assert_eq!(transitions(&world), expected);
    let stats = world.stats().await;
    let mut alerts = stats["alerts"].as_array().unwrap().iter();
    let alert = alerts
        .find(|alert| alert["rule"] == "message_unknown")
        .unwrap();
    assert_eq!(alert["severity"], "critical");
    assert!(alert["resolvedAt"].is_string(), "{alert}");
    assert_eq!((&alert["value"], &alert["limit"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn overdue_carousel_alerts_until_it_moves_on() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let update = world.write(&dana, "/carousel small habits").await;
    world.receive(&update).await;
    let job = world.jobs(CONVERSATION_QUEUE).pop().unwrap();
    world.conversation(job).await.unwrap();
    world.clock().advance(Duration::from_secs(300));
    world.sweep().await.unwrap();
    assert!(
        transitions(&world).is_empty(),
        "less than five minutes after its deadline"
    );
    world.clock().advance(Duration::from_secs(120));
    world.sweep().await.unwrap();
    assert_eq!(
        transitions(&world),
        [("carousel_overdue".to_owned(), false)]
    );
}

#[tokio::test]
async fn dead_letter_is_told_once_and_stays_in_its_queue() {
    let world = World::open().await;
    let correlation_id = CorrelationId::of_event("the job");
    dead_letter(&world, correlation_id).await;
    for _ in 0..3 {
        world.sweep().await.unwrap();
        world.clock().advance(Duration::from_secs(60));
    }
    let errors = published(&world, "system.error.occurred");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["correlation_id"], json!(correlation_id));
    let data = &errors[0]["data"];
    assert_eq!(
        (&data["queue"], &data["reason"]),
        (&json!("confab-carousel-write"), &json!("unreadable_job"))
    );
    assert!(
        !errors[0].to_string().contains("habits"),
        "no text: {errors:?}"
    );
    assert_eq!(transitions(&world), [("dead_letters".to_owned(), false)]);
    assert_eq!(world.cloud.queued("confab-carousel-write-dlq").len(), 1);
}

/// Returns a world with as many dead letters.
async fn with_dead_letters(count: usize) -> World {
    let world = World::open().await;
    for number in 0..count {
        dead_letter(&world, CorrelationId::of_event(&number.to_string())).await;
    }
    world.cloud.faults().clear();
    world
}

#[tokio::test]
async fn events_that_were_published_are_not_published_again_after_a_failure() {
    // The same sweep in another world tells where the calls are. An alert, health and ten letters are told.
    let model = with_dead_letters(10).await;
    model.sweep().await.unwrap();
    let calls = model.cloud.faults().calls();
    let first = calls.iter().position(|call| call.0.ends_with("PutEvents"));
    let world = with_dead_letters(10).await;
    let faults = world.cloud.faults();
    // Ten events, the state without them, the eleventh event, and the last one.
    faults.plan(first.unwrap() + 12, Fault::LostBefore);
    world.sweep().await.unwrap_err();
    world.cloud.faults().clear();
    world.clock().advance(Duration::from_secs(60));
    world.sweep().await.unwrap();
    let all = world.cloud.events();
    let ids: BTreeSet<_> = all.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(published(&world, "system.error.occurred").len(), 10);
    assert_eq!(all.len() - ids.len(), 1, "one was published and not saved");
}

#[tokio::test]
async fn health_is_told_when_it_changes() {
    let world = World::open().await;
    let told = |world: &World| -> Vec<_> {
        let events = published(world, "health.checked").into_iter();
        events
            .map(|event| event["data"]["status"].as_str().unwrap().to_owned())
            .collect()
    };
    for _ in 0..2 {
        world.sweep().await.unwrap();
        world.clock().advance(Duration::from_secs(60));
    }
    assert_eq!(told(&world), ["healthy"]);
    world.cloud.faults().clear();
    world.sweep().await.unwrap();
    let calls = world.cloud.faults().calls();
    let depth = calls
        .iter()
        .position(|call| call.0.ends_with("GetQueueAttributes"))
        .unwrap();
    world.clock().advance(Duration::from_secs(60));
    world.cloud.faults().plan(depth, Fault::LostBefore);
    world.sweep().await.unwrap();
    world.cloud.faults().clear();
    assert_eq!(told(&world), ["healthy", "unhealthy"]);
    world.clock().advance(Duration::from_secs(60));
    world.sweep().await.unwrap();
    assert_eq!(told(&world), ["healthy", "unhealthy", "healthy"]);
}

#[tokio::test]
async fn hour_is_collected_with_its_counts() {
    let world = World::open().await;
    world.sweep().await.unwrap();
    world
        .journal(&event(
            1,
            world.now(),
            "user.message.received",
            &json!({ "owner": "1", "kind": "text" }),
        ))
        .await
        .unwrap();
    for _ in 0..14 {
        world.clock().advance(Duration::from_secs(300));
        world.sweep().await.unwrap();
    }
    let collected = published(&world, "metrics.collected");
    let hours: Vec<_> = collected
        .iter()
        .map(|event| event["data"]["hour"].as_str().unwrap())
        .collect();
    assert_eq!(hours, ["2026-11-29T11", "2026-11-29T12"]);
    assert_eq!(collected[1]["data"]["counters"]["messages"], 1);
}

/// The sweep looks at an unknown message and a dead letter while any call fails.
struct Watching(World);

impl Scenario for Watching {
    async fn arrange() -> Self {
        let world = World::open().await;
        let failed = event(
            1,
            world.now(),
            "telegram.call.failed",
            &json!({ "failure": "unknown" }),
        );
        world.journal(&failed).await.unwrap();
        dead_letter(&world, CorrelationId::of_event("the job")).await;
        Self(world)
    }

    fn faults(&self) -> &Faults {
        self.0.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.0.sweep().await
    }

    async fn check(&self, story: &str) {
        // A queue that did not answer was no reason to resolve or to alert twice.
        self.0.sweep().await.unwrap();
        let mut alerts = transitions(&self.0);
        alerts.sort();
        let expected = ["dead_letters", "message_unknown"].map(|rule| (rule.to_owned(), false));
        assert_eq!(alerts, expected, "{story}");
        assert_eq!(
            published(&self.0, "system.error.occurred").len(),
            1,
            "{story}"
        );
    }
}

#[tokio::test]
async fn alerts_and_errors_are_told_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Watching>().await;
    assert!(calls > 15, "{calls} calls");
}

#[tokio::test]
async fn nearly_spent_budget_alerts_once_and_is_resolved_with_the_day() {
    let reserved = reservation().await;
    let day = reserved + reserved / 10;
    let world = World::open_with_budgets(&budgets(PLENTY, day, PLENTY)).await;
    world.sweep().await.unwrap();
    assert_eq!(transitions(&world), []);
    lose_answers(&world).await;
    world.write_texts(other_ideas("a:1")).await.unwrap();
    for _ in 0..2 {
        world.clock().advance(Duration::from_secs(60));
        world.sweep().await.unwrap();
    }
    assert_eq!(transitions(&world), [("budget".to_owned(), false)]);
    world.clock().advance(Duration::from_secs(24 * 3_600));
    world.sweep().await.unwrap();
    let last = transitions(&world).pop();
    assert_eq!(last, Some(("budget".to_owned(), true)));
}
