//! The photo studio as people have it: from the first word to the photos and the stars. The same on local and on a
//! deployed stack.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use confab_e2e::{Place, Visit, eventually, text_of};
use serde_json::{Value, json};

/// What Astria's training and drawing take here.
const TRAINING: Duration = Duration::from_secs(2);

/// The words of a language that lead through the story.
struct Words {
    hi: &'static str,
    progress: &'static str,
    packs: &'static str,
    tiers: &'static str,
    lite: &'static str,
    paid: &'static str,
    here: &'static str,
    stars: &'static str,
    thanks: &'static str,
}

const ENGLISH: Words = Words {
    hi: "hi",
    progress: "10 of 10 good photos",
    packs: "See the packs",
    tiers: "How many photos",
    lite: "Lite",
    paid: "the payment is here",
    here: "Here are your photos",
    stars: "How do you like them",
    thanks: "good to hear",
};

const HEBREW: Words = Words {
    hi: "שלום",
    progress: "10 מתוך 10",
    packs: "לחבילות",
    tiers: "כמה תמונות תרצו",
    lite: "לייט",
    paid: "התשלום התקבל",
    here: "הנה התמונות שלכם",
    stars: "איך התמונות",
    thanks: "שמחים לשמוע",
};

async fn quick(place: &Place) -> Result<()> {
    let defaults = json!({ "train_ms": 1_500, "prompt_ms": 300, "drop_percent": 0, "copies": 1, "delay_ms": 0,
        "fail_percent": 0, "training_fails": "no", "shape": "documented", "reuse": "tune" });
    place.astria(&defaults).await?;
    place.has_packs().await
}

/// From the first word to a link to pay; gives the message with the link.
async fn orders(visit: &Visit<'_>, words: &Words, class: &str) -> Result<Value> {
    visit.person.asks(words.hi).await?;
    visit.sends_selfies(class, "good", 0..10).await?;
    let enough = visit.hears(words.progress, 0).await?;
    picks(visit, words, &enough).await
}

async fn picks(visit: &Visit<'_>, words: &Words, enough: &Value) -> Result<Value> {
    let heard = visit.heard().await?;
    visit.taps(enough, words.packs).await?;
    let tiers = visit.hears(words.tiers, heard).await?;
    visit.taps(&tiers, words.lite).await?;
    let packs = visit.hears(words.lite, heard + 1).await?;
    visit.taps(&packs, "City Evening Lite").await?;
    eventually(Duration::from_secs(20), || async {
        let answers = visit.person.answers().await?;
        let link = answers.iter().skip(heard).find(|answer| answer.to_string().contains("/api/payments/pay/"));
        link.cloned().context("no link to pay")
    })
    .await
}

async fn the_whole_story(channel: &str, words: &Words, class: &str) -> Result<()> {
    let place = Place::any().await?;
    quick(&place).await?;
    let visit = Visit::of(&place, "Dana", channel).await?;
    let link = orders(&visit, words, class).await?;
    visit.pays(&link, "success").await?;
    visit.hears(words.paid, 0).await?;
    place.passes(TRAINING).await?;
    let photos = visit.has_photos(4).await?;
    let here = visit.hears(words.here, 0).await?;
    let stars = visit.hears(words.stars, 0).await?;
    ensure!(here["seq"].as_u64() < stars["seq"].as_u64(), "the question comes after the photos");
    for photo in &photos {
        let picture = visit.picture(photo).await?;
        ensure!(picture.len() > 1_000, "{photo} is no picture");
    }
    visit.taps(&stars, "⭐⭐⭐⭐⭐").await?;
    visit.hears(words.thanks, 0).await?;
    ensure!(visit.photos().await?.len() == 4, "each photo once");
    Ok(())
}

#[tokio::test]
async fn from_hi_to_photos_and_stars() -> Result<()> {
    the_whole_story("meta", &ENGLISH, "woman").await
}

#[tokio::test]
async fn from_hi_to_photos_and_stars_in_hebrew() -> Result<()> {
    the_whole_story("meta", &HEBREW, "man").await
}

#[tokio::test]
async fn from_hi_to_photos_and_stars_through_twilio() -> Result<()> {
    the_whole_story("twilio", &ENGLISH, "man").await
}

#[tokio::test]
async fn bad_photos_are_told_apart_and_an_album_gets_one_answer() -> Result<()> {
    let place = Place::any().await?;
    let visit = Visit::of(&place, "Noa", "meta").await?;
    visit.person.asks("hi").await?;
    let heard = visit.heard().await?;
    visit.sends_selfies("woman", "good", 0..3).await?;
    visit.sends_selfies("woman", "blurry", 3..5).await?;
    visit.sends_selfies("woman", "sunglasses", 5..6).await?;
    let twice = place.selfie(&visit.person.id, "woman", "good", 0).await?;
    visit.sends_picture(&twice, "image/jpeg").await?;
    let progress = visit.hears("3 of 10 good photos", heard).await?;
    let text = text_of(&progress);
    for part in ["4 cannot be used", "blurry (2)", "sunglasses", "sent twice"] {
        ensure!(text.contains(part), "{part}: {text}");
    }
    let answers = visit.person.answers().await?;
    ensure!(answers.len() <= heard + 2, "one answer for an album, not {}: {answers:?}", answers.len() - heard);
    let chat = visit.person.chat().await?;
    let reactions = |emoji: &str| chat.iter().filter(|message| message["reaction"] == emoji).count();
    assert_eq!((reactions("👍"), reactions("👎")), (3, 4));
    Ok(())
}
