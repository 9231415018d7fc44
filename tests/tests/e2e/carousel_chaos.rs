//! The carousel while functions are killed, the power fails, Telegram refuses calls, and updates come twice.
//! Local only: AWS cannot lose power on request.
//!
//! Time is moved forward where AWS would wait for a visibility timeout or a deadline; nothing else is helped along.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use confab_e2e::{Place, Reader, Traffic, count_photos, eventually};
use serde_json::{Value, json};

const SLIDES: usize = 8;
/// From an update to its album.
const FUNCTIONS: [&str; 5] = [
    "telegram-received",
    "carousel-conversation",
    "carousel-write",
    "carousel-render",
    "carousel-sweep",
];
const TRAFFIC: Traffic = Traffic {
    queues: &[
        "confab-carousel-inbound.fifo",
        "confab-carousel-write",
        "confab-carousel-render",
    ],
    functions: &FUNCTIONS,
    owed: ("/api/telegram/pending", "updates"),
};
/// Longer than every visibility timeout.
const REDELIVERY_DELAY: Duration = Duration::from_secs(361);

/// `CONFAB_CAROUSEL_CHAOS=1000` sends a thousand updates.
#[expect(clippy::disallowed_methods, reason = "the suite's own configuration")]
fn updates() -> Result<usize> {
    let given = std::env::var("CONFAB_CAROUSEL_CHAOS").unwrap_or_else(|_| "200".to_owned());
    given.parse().context("a number of updates")
}

async fn readers(place: &Place, count: usize) -> Result<Vec<Reader<'_>>> {
    let mut readers = Vec::new();
    for _ in 0..count {
        readers.push(Reader::new(place, "en").await?);
    }
    Ok(readers)
}

/// Waits until every reader has one album, or was asked whether it arrived. When nothing moves any more, lets the
/// visibility timeouts of what died pass.
async fn all_have_one_album(place: &Place, readers: &[Reader<'_>]) -> Result<()> {
    for _ in 0..12 {
        TRAFFIC.comes_to_rest(place).await?;
        if have_one_album(readers).await.is_ok() {
            break;
        }
        place.advance(REDELIVERY_DELAY).await?;
    }
    have_one_album(readers).await?;
    // Whatever was still hidden arrives, and changes nothing.
    place.advance(REDELIVERY_DELAY).await?;
    TRAFFIC.comes_to_rest(place).await?;
    have_one_album(readers).await?;
    let violations = place.get("/api/telegram/violations").await?;
    ensure!(violations == json!([]), "{violations}");
    Ok(())
}

async fn have_one_album(readers: &[Reader<'_>]) -> Result<()> {
    for reader in readers {
        let messages = reader.messages().await?;
        let photos = count_photos(&messages);
        let was_asked = messages.iter().any(|message| {
            let text = message["text"].as_str();
            text.is_some_and(|text| text.contains("not sure"))
        });
        ensure!(
            photos == SLIDES || (was_asked && photos < SLIDES),
            "{photos} photos, {}",
            if was_asked { "asked" } else { "not asked" }
        );
    }
    Ok(())
}

#[tokio::test]
async fn randomly_killed_functions_send_one_album_or_ask() -> Result<()> {
    let place = Arc::new(Place::local().await?);
    let readers = readers(&place, 4).await?;
    let killer = {
        let place = place.clone();
        tokio::spawn(async move {
            let mut killed = 0;
            for (round, function) in (0_u64..60).zip(FUNCTIONS.iter().cycle()) {
                // Uneven steps, so that the kills meet every phase of the work.
                tokio::time::sleep(Duration::from_millis(20 + round * 37 % 90)).await;
                let path = format!("/api/functions/{function}/kill");
                let answer = place.post(&path, &json!({})).await?;
                killed += answer["killed"].as_u64().unwrap_or(0);
            }
            anyhow::Ok(killed)
        })
    };
    for reader in &readers {
        reader
            .writes(&format!("/carousel {SLIDES}: small habits"))
            .await?;
    }
    let killed = killer.await??;
    assert!(killed >= 5, "only {killed} processes were there to kill");
    all_have_one_album(&place, &readers).await
}

#[tokio::test]
async fn power_loss_amid_carousels_sends_one_album_or_asks() -> Result<()> {
    let mut place = Place::local().await?;
    let ids: Vec<i64> = {
        let readers = readers(&place, 3).await?;
        for reader in &readers {
            reader
                .writes(&format!("/carousel {SLIDES}: small habits"))
                .await?;
        }
        // In the middle: some slides are drawn, and no album is complete.
        eventually(|| async {
            let state = place.get("/api/state").await?;
            let functions = state["functions"].as_array().context("functions")?;
            let render = functions
                .iter()
                .find(|function| function["name"] == "carousel-render");
            let done = render.and_then(|render| render["invocations"].as_u64());
            ensure!(done.is_some_and(|done| done >= 1), "no slide is drawn");
            Ok(())
        })
        .await?;
        readers.iter().map(|reader| reader.id).collect()
    };
    place.power_cut().await?;
    let readers: Vec<_> = ids.iter().map(|id| Reader::known(&place, *id)).collect();
    assert!(
        have_one_album(&readers).await.is_err(),
        "the power failed too late to show anything"
    );
    all_have_one_album(&place, &readers).await
}

/// Replies to `/myid`.
async fn replies(reader: &Reader<'_>) -> Result<usize> {
    let messages = reader.messages().await?;
    let id = reader.id.to_string();
    let is_reply = |message: &&Value| {
        let text = message["text"].as_str();
        text.is_some_and(|text| text.contains(&id))
    };
    Ok(messages.iter().filter(is_reply).count())
}

/// Waits for the reply to one `/myid`.
async fn is_answered_once(reader: &Reader<'_>) -> Result<()> {
    eventually(|| async {
        let replies = replies(reader).await?;
        ensure!(replies == 1, "{replies} replies");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn updates_that_come_twice_are_decided_once() -> Result<()> {
    const EACH: usize = 10;
    let place = Place::local().await?;
    let settings = json!({ "copy_percent": 30, "shuffle_ms": 2_000, "seed": 7, "flood": false });
    place.put("/api/telegram/settings", &settings).await?;
    let readers = readers(&place, updates()?.div_ceil(EACH)).await?;
    for _ in 0..EACH {
        for reader in &readers {
            reader.writes("/myid").await?;
        }
    }
    eventually(|| async {
        let mut count = 0;
        for reader in &readers {
            count += replies(reader).await?.min(EACH);
        }
        ensure!(count == readers.len() * EACH, "{count} replies");
        Ok(())
    })
    .await?;
    // Copies that are still under way change nothing.
    TRAFFIC.comes_to_rest(&place).await?;
    for reader in &readers {
        assert_eq!(replies(reader).await?, EACH);
    }
    let copies = place.get("/api/telegram/pending").await?;
    assert_eq!(copies["updates"], 0);
    Ok(())
}

/// Chats that Telegram refuses do not occupy the function: the others are answered before the delay has passed.
#[tokio::test]
async fn refused_chats_delay_no_other_chat_and_are_answered_later() -> Result<()> {
    const DELAY: u64 = 600;
    let place = Place::local().await?;
    let refused = readers(&place, 40).await?;
    let others = readers(&place, 10).await?;
    let faults: Vec<_> = refused
        .iter()
        .map(|reader| json!({ "chat": reader.id, "retry_after": DELAY, "times": 1 }))
        .collect();
    place
        .put("/api/telegram/faults", &json!({ "calls": faults }))
        .await?;
    for reader in refused.iter().chain(&others) {
        reader.writes("/myid").await?;
    }
    for reader in &others {
        is_answered_once(reader).await?;
    }
    // All faults were met, and nothing waits in a function.
    eventually(|| async {
        let left = place.get("/api/telegram/faults").await?;
        ensure!(left["calls"] == json!([]), "{left}");
        Ok(())
    })
    .await?;
    TRAFFIC.comes_to_rest(&place).await?;
    for reader in &refused {
        assert_eq!(replies(reader).await?, 0);
    }
    place.advance(Duration::from_secs(DELAY + 1)).await?;
    for reader in &refused {
        is_answered_once(reader).await?;
    }
    Ok(())
}

/// A delay that is shorter than the lease of the refused attempt.
#[tokio::test]
async fn storm_of_short_refusals_is_over_after_their_delays() -> Result<()> {
    let place = Place::local().await?;
    let readers = readers(&place, 30).await?;
    let faults: Vec<_> = (1..=5)
        .cycle()
        .zip(&readers)
        .map(|(delay, reader)| json!({ "chat": reader.id, "retry_after": delay, "times": 2 }))
        .collect();
    place
        .put("/api/telegram/faults", &json!({ "calls": faults }))
        .await?;
    for reader in &readers {
        reader.writes("/myid").await?;
    }
    for reader in &readers {
        is_answered_once(reader).await?;
    }
    Ok(())
}
