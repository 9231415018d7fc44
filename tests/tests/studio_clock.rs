//! The photo studio when nobody says anything for hours. The clock is moved, so it takes a `local` of its own.

use std::time::Duration;

use anyhow::{Context, Result};
use confab_e2e::{ENGLISH, Place, Visit};
use serde_json::json;

#[tokio::test]
async fn a_callback_that_is_lost_is_made_up_for() -> Result<()> {
    let place = Place::local().await?;
    place.opens_a_studio().await?;
    place.astria(&json!({ "drop_percent": 100 })).await?;
    let visit = Visit::of(&place, "Yael", "meta").await?;
    visit.has_paid("woman").await?;
    visit.hears(ENGLISH.paid, 0).await?;
    for _ in 0..8 {
        place.advance(Duration::from_secs(300)).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    visit.has_photos(4).await?;
    visit.hears(ENGLISH.stars, 0).await?;
    Ok(())
}

#[tokio::test]
async fn an_order_that_is_never_made_is_paid_back_and_told() -> Result<()> {
    let place = Place::local().await?;
    place.opens_a_studio().await?;
    place.astria(&json!({ "training_fails": "hangs" })).await?;
    let visit = Visit::of(&place, "Hila", "meta").await?;
    let link = visit.orders(&ENGLISH, "woman").await?;
    visit.pays_and_waits(&link).await?;
    visit.hears(ENGLISH.paid, 0).await?;
    for _ in 0..14 {
        place.advance(Duration::from_secs(1_800)).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    visit.hears("could not be made", 0).await?;
    visit.hears("Your payment was returned", 0).await?;
    let totals = place.get("/api/stripe/totals").await?;
    let total = totals.as_array().and_then(|totals| totals.first()).context("one order")?;
    assert_eq!(total["refunded"], total["paid"], "{total}");
    assert!(visit.photos().await?.is_empty());
    Ok(())
}
