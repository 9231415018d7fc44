//! Processes that die, and messages that cannot be handled. Local only: AWS cannot lose power on request.
//!
//! Time is moved forward where AWS would wait for a visibility timeout; nothing else is helped along.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use confab_e2e::{Person, Place, Traffic, eventually};
use serde_json::json;

const QUEUE: &str = "confab-studio-inbound.fifo";
const DLQ: &str = "confab-studio-inbound-dlq.fifo";
/// From a message to its answer.
const TRAFFIC: Traffic = Traffic {
    queues: &[QUEUE],
    functions: &["sms-received", "studio-conversation", "studio-status"],
    owed: ("/api/phone/pending", "webhooks"),
};
/// Longer than the queue's visibility timeout.
const A_WHILE: Duration = Duration::from_secs(61);

/// `CONFAB_STUDIO_CHAOS=1000` lets a thousand users write at once.
#[expect(clippy::disallowed_methods, reason = "the suite's own configuration")]
fn users() -> Result<usize> {
    let given = std::env::var("CONFAB_STUDIO_CHAOS").unwrap_or_else(|_| "100".to_owned());
    given.parse().context("a number of users")
}

/// Everybody says the same number of things, all at once.
async fn everybody_writes<'a>(
    place: &'a Place,
    people: usize,
    messages: usize,
) -> Result<Vec<Person<'a>>> {
    let mut all = Vec::new();
    for n in 0..people {
        all.push(
            place
                .person(
                    &format!("Person {n}"),
                    if n % 4 == 3 { "twilio" } else { "meta" },
                )
                .await?,
        );
    }
    for round in 0..messages {
        for person in &all {
            person
                .says(if round % 2 == 0 { "hi" } else { "help" })
                .await?;
        }
    }
    Ok(all)
}

/// Waits for all answers. When nothing moves any more, lets the visibility timeouts of what died pass.
async fn all_are_answered_once(place: &Place, people: &[Person<'_>]) -> Result<()> {
    for _ in 0..12 {
        if all_answered(people).await.is_ok() {
            return Ok(());
        }
        TRAFFIC.comes_to_rest(place).await?;
        place.advance(A_WHILE).await?;
    }
    all_answered(people).await
}

async fn all_answered(people: &[Person<'_>]) -> Result<()> {
    for person in people {
        person.was_answered_once_in_order().await?;
    }
    Ok(())
}

#[tokio::test]
async fn concurrent_users_are_each_answered_in_order() -> Result<()> {
    let place = Place::local().await?;
    let people = everybody_writes(&place, users()?, 2).await?;
    all_are_answered_once(&place, &people).await
}

#[tokio::test]
async fn power_loss_amid_200_messages_loses_and_doubles_nothing() -> Result<()> {
    let mut place = Place::local().await?;
    let ids: Vec<_> = everybody_writes(&place, 20, 10)
        .await?
        .into_iter()
        .map(|person| person.id)
        .collect();
    // In the middle: some are answered, some are not.
    let answered = eventually(|| async {
        let metrics = place.get("/api/state").await?;
        let worker = &metrics["functions"]
            .as_array()
            .context("functions")?
            .clone();
        let worker = worker
            .iter()
            .find(|f| f["name"] == "studio-conversation")
            .context("worker")?;
        let done = worker["invocations"].as_u64().unwrap_or(0);
        (done >= 10)
            .then_some(done)
            .with_context(|| format!("{done} invocations"))
    })
    .await?;
    place.power_cut().await?;
    let people: Vec<_> = ids.iter().map(|id| Person::known(&place, id)).collect();
    let mut open = 0;
    for person in &people {
        open += usize::from(person.was_answered_once_in_order().await.is_err());
    }
    assert!(
        open > 0,
        "the cut came too late to show anything: {answered} batches were done"
    );
    all_are_answered_once(&place, &people).await
}

#[tokio::test]
async fn randomly_killed_functions_lose_and_double_nothing() -> Result<()> {
    let place = Arc::new(Place::local().await?);
    let killer = {
        let place = place.clone();
        tokio::spawn(async move {
            let mut killed = 0;
            for round in 0_u64..40 {
                // Uneven steps, so that the kills meet every phase of the work.
                tokio::time::sleep(Duration::from_millis(20 + round * 37 % 90)).await;
                let function = if round % 3 == 0 {
                    "sms-received"
                } else {
                    "studio-conversation"
                };
                let answer = place
                    .post(&format!("/api/functions/{function}/kill"), &json!({}))
                    .await?;
                killed += answer["killed"].as_u64().unwrap_or(0);
            }
            anyhow::Ok(killed)
        })
    };
    let people = everybody_writes(&place, 25, 20).await?;
    let killed = killer.await??;
    assert!(killed >= 10, "only {killed} processes were there to kill");
    all_are_answered_once(&place, &people).await
}

#[tokio::test]
async fn provider_outages_delay_replies_without_losing_them() -> Result<()> {
    let place = Place::local().await?;
    let people = [
        place.person("Meta", "meta").await?,
        place.person("Twilio", "twilio").await?,
    ];
    let trouble = people
        .each_ref()
        .map(|person| json!({ "person": person.id, "http": 500, "code": 99, "times": 1 }));
    place
        .put("/api/phone/faults", &json!({ "send": trouble }))
        .await?;
    for person in &people {
        person.says("hi").await?;
    }
    // A fault is gone when it was met.
    eventually(|| async {
        let left = place.get("/api/phone/faults").await?["send"].clone();
        (left == json!([]))
            .then_some(())
            .with_context(|| left.to_string())
    })
    .await?;
    all_are_answered_once(&place, &people).await
}

#[tokio::test]
async fn accepted_replies_are_not_sent_again_when_the_response_is_lost() -> Result<()> {
    let place = Place::local().await?;
    place
        .put(
            "/api/phone/faults",
            &json!({ "send": [{ "drop_after_accept": true, "times": 2 }] }),
        )
        .await?;
    let people = [
        place.person("Meta", "meta").await?,
        place.person("Twilio", "twilio").await?,
    ];
    for person in &people {
        person.says("hi").await?;
    }
    for person in &people {
        eventually(|| person.was_answered_once_in_order()).await?;
    }
    for _ in 0..3 {
        place.advance(A_WHILE).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    for person in &people {
        person.was_answered_once_in_order().await?;
    }
    let queue = place.queue(QUEUE).await?;
    assert_eq!(queue["in_flight"], 0, "{queue}");
    assert_eq!(place.queue(DLQ).await?["visible"], 0);
    Ok(())
}
