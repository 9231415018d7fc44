//! The photo studio while users are silent for hours. The clock is moved, so it takes a `local` of its own.

use std::time::Duration;

use anyhow::{Context, Result};
use confab_e2e::{ENGLISH, Place, Visit, eventually};
use serde_json::json;

#[tokio::test]
async fn lost_callbacks_are_recovered_by_the_sweep() -> Result<()> {
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
async fn orders_that_are_never_made_are_refunded_and_announced() -> Result<()> {
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
    visit.hears("Your payment has been refunded", 0).await?;
    let totals = place.get("/api/stripe/totals").await?;
    let total = totals
        .as_array()
        .and_then(|totals| totals.first())
        .context("one order")?;
    assert_eq!(total["refunded"], total["paid"], "{total}");
    assert!(visit.photos().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn selfies_and_models_expire_a_month_after_the_last_message() -> Result<()> {
    let place = Place::local().await?;
    place.opens_a_studio().await?;
    let visit = Visit::of(&place, "Noga", "meta").await?;
    visit.person.asks(ENGLISH.hi).await?;
    visit.sends_selfies("woman", "good", 0..3).await?;
    visit.hears("3 of 10 good photos", 0).await?;
    let id = visit.id_at_ours().await?;
    assert_eq!(place.pictures_of(&id).await?.len(), 3);
    // Over many Wednesdays.
    place.advance(Duration::from_secs(33 * 24 * 3600)).await?;
    eventually(|| async {
        let left = place.pictures_of(&id).await?;
        left.is_empty()
            .then_some(())
            .with_context(|| format!("{left:?}"))
    })
    .await?;
    let heard = visit.heard().await?;
    visit.person.says("status").await?;
    visit.hears("no order in progress", heard).await?;
    Ok(())
}

#[tokio::test]
async fn orphans_are_counted_in_a_dry_run_and_deleted_in_a_real_one() -> Result<()> {
    let place = Place::local().await?;
    let visit = Visit::of(&place, "Shir", "meta").await?;
    visit.person.asks(ENGLISH.hi).await?;
    visit.sends_selfies("woman", "good", 0..1).await?;
    visit.hears("1 of 10 good photos", 0).await?;
    let here = place.pictures_of(&visit.id_at_ours().await?).await?;
    let (unknown, photo) = (
        "usr_01m7ym613fe0yvvhrd4bj8893d",
        here[0].rsplit('/').next().context("a file")?,
    );
    place
        .leaves_picture(&format!("people/{unknown}/selfies/{photo}"))
        .await?;
    let dry = place.cleans_up(true).await?;
    assert_eq!(
        (&dry["found"]["orphans"], &dry["found"]["expired_pictures"]),
        (&json!(1), &json!(0)),
        "{dry}"
    );
    assert_eq!(place.pictures_of(unknown).await?.len(), 1);
    assert_eq!(place.cleans_up(false).await?["found"]["orphans"], 1);
    assert!(place.pictures_of(unknown).await?.is_empty());
    assert_eq!(
        place.pictures_of(&visit.id_at_ours().await?).await?,
        here,
        "data of users stays"
    );
    Ok(())
}
