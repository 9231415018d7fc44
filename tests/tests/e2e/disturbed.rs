//! Providers that misbehave. The same on local and on a deployed stack, where one such test runs at a time:
//! how the providers behave is one setting for all.

use std::time::Duration;

use anyhow::{Context, Result};
use confab_e2e::{Place, eventually};
use serde_json::json;

const QUEUE: &str = "confab-studio-inbound.fifo";
/// Longer than the queue's visibility timeout.
const A_WHILE: Duration = Duration::from_secs(61);

#[tokio::test]
async fn concurrent_copies_are_answered_once() -> Result<()> {
    let place = Place::any().await?;
    let copies = |copies: u32| json!({ "copies": copies, "reorder": copies > 1 });
    place.put("/api/phone/settings", &copies(5)).await?;
    let mut people = Vec::new();
    for n in 0..8 {
        people.push(place.person(&format!("Person {n}"), "meta").await?);
    }
    for person in &people {
        person.says("hi").await?;
    }
    for person in &people {
        eventually(|| person.was_answered_once_in_order()).await?;
    }
    place.put("/api/phone/settings", &copies(1)).await?;
    // Copies may come late: nothing more is said when all has come to rest.
    eventually(|| async {
        let owed = place.get("/api/phone/pending").await?["webhooks"]
            .as_u64()
            .context("a number")?;
        let queued = place.depth(QUEUE).await?;
        (owed + queued == 0)
            .then_some(())
            .with_context(|| format!("{owed} owed, {queued} queued"))
    })
    .await?;
    for person in &people {
        person.was_answered_once_in_order().await?;
    }
    Ok(())
}

/// On a deployed stack this takes the real minute of the visibility timeout: it is long on purpose, since a second try
/// must not come before the first one's lease has ended and its status would have arrived.
#[tokio::test]
async fn failed_records_are_redelivered_without_their_batch() -> Result<()> {
    let place = Place::any().await?;
    let unlucky = place.person("Unlucky", "meta").await?;
    let lucky = [
        place.person("Lucky", "meta").await?,
        place.person("Luckier", "twilio").await?,
    ];
    let busy =
        json!({ "send": [{ "person": unlucky.id, "http": 500, "code": 131_000, "times": 1_000 }] });
    place.put("/api/phone/faults", &busy).await?;
    unlucky.says("hi").await?;
    for person in &lucky {
        person.asks("hi").await?;
    }
    eventually(|| async {
        let faults = place.get("/api/phone/faults").await?;
        let left = faults["send"][0]["times"]
            .as_u64()
            .context("the fault is there")?;
        (left < 1_000).then_some(()).context("nothing was sent yet")
    })
    .await?;
    place
        .put("/api/phone/faults", &json!({ "send": [] }))
        .await?;
    assert!(unlucky.answers().await?.is_empty());
    place.passes(A_WHILE).await?;
    eventually(|| unlucky.was_answered_once_in_order()).await?;
    for person in &lucky {
        person.was_answered_once_in_order().await?;
    }
    Ok(())
}
