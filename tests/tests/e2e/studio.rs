//! The photo studio as people have it: from the first word to the photos and the stars. The same on local and on a
//! deployed stack.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use confab_e2e::{ENGLISH, HEBREW, Place, TRAINING, Visit, Words, eventually, text_of};

async fn the_whole_story(channel: &str, words: &Words, class: &str) -> Result<()> {
    let place = Place::any().await?;
    place.opens_a_studio().await?;
    let visit = Visit::of(&place, "Dana", channel).await?;
    let link = visit.orders(words, class).await?;
    visit.pays(&link, "success").await?;
    visit.hears(words.paid, 0).await?;
    place.passes(TRAINING).await?;
    let photos = visit.has_photos(4).await?;
    let here = visit.hears(words.here, 0).await?;
    let stars = visit.hears(words.stars, 0).await?;
    ensure!(
        here["seq"].as_u64() < stars["seq"].as_u64(),
        "the question comes after the photos"
    );
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
async fn order_from_greeting_to_rating_through_meta() -> Result<()> {
    the_whole_story("meta", &ENGLISH, "woman").await
}

#[tokio::test]
async fn order_from_greeting_to_rating_in_hebrew() -> Result<()> {
    the_whole_story("meta", &HEBREW, "man").await
}

#[tokio::test]
async fn order_from_greeting_to_rating_through_twilio() -> Result<()> {
    the_whole_story("twilio", &ENGLISH, "man").await
}

#[tokio::test]
async fn bad_photos_get_reasons_and_an_album_gets_one_reply() -> Result<()> {
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
    for part in ["4 can't be used", "blurry (2)", "sunglasses", "sent twice"] {
        ensure!(text.contains(part), "{part}: {text}");
    }
    let answers = visit.person.answers().await?;
    ensure!(
        answers.len() <= heard + 2,
        "one answer for an album, not {}: {answers:?}",
        answers.len() - heard
    );
    let chat = visit.person.chat().await?;
    let reactions = |emoji: &str| {
        chat.iter()
            .filter(|message| message["reaction"] == emoji)
            .count()
    };
    assert_eq!((reactions("👍"), reactions("👎")), (3, 4));
    Ok(())
}

#[tokio::test]
async fn users_can_erase_their_data() -> Result<()> {
    let place = Place::any().await?;
    place.opens_a_studio().await?;
    let visit = Visit::of(&place, "Maya", "meta").await?;
    let tune = visit.has_paid("woman").await?;
    place.passes(TRAINING).await?;
    visit.has_photos(4).await?;
    visit.hears(ENGLISH.stars, 0).await?;
    let kept = place.pictures_of(&visit.id_at_ours().await?).await?;
    assert_eq!(kept.len(), 10 + 4, "selfies and photos: {kept:?}");
    let ask = visit.person.asks("delete my data").await?;
    visit.taps(&ask, "Delete everything").await?;
    visit.hears("Everything is being deleted", 0).await?;
    // A user who writes at once is new, and nothing of theirs is deleted with the rest.
    let at_once = visit.person.asks("selfies").await?;
    ensure!(
        text_of(&at_once).contains("Send me 10 selfies"),
        "{at_once}"
    );
    place.passes(Duration::from_secs(11)).await?;
    eventually(|| async {
        let left = place
            .tunes_of(tune["title"].as_str().context("a title")?)
            .await?;
        ensure!(left.is_empty(), "Astria still knows: {left:?}");
        ensure!(
            place.depth("confab-studio-erasing").await? == 0,
            "it is being done"
        );
        Ok(())
    })
    .await?;
    let left = place.pictures_of(&visit.id_at_ours().await?).await?;
    ensure!(left.is_empty(), "{left:?}");
    let heard = visit.heard().await?;
    visit.person.says("selfies").await?;
    visit.hears("Send me 10 selfies", heard).await?;
    Ok(())
}

#[tokio::test]
async fn more_photos_than_needed_at_once_fill_one_album() -> Result<()> {
    let place = Place::any().await?;
    let visit = Visit::of(&place, "Shira", "meta").await?;
    visit.person.asks("hi").await?;
    visit.sends_selfies("woman", "good", 0..40).await?;
    visit.hears("all the photos I need", 0).await?;
    visit.hears("20 good photos", 0).await?;
    place.rests().await?;
    let chat = visit.person.chat().await?;
    let said = |words: &str| {
        chat.iter()
            .filter(|message| text_of(message).contains(words))
            .count()
    };
    let liked = chat
        .iter()
        .filter(|message| message["reaction"] == "👍")
        .count();
    assert_eq!((liked, said("all the photos I need")), (20, 1));
    let kept = place.pictures_of(&visit.id_at_ours().await?).await?;
    assert_eq!(kept.len(), 20, "{kept:?}");
    for dlq in ["confab-studio-photos-dlq", "confab-studio-inbound-dlq.fifo"] {
        assert_eq!(place.depth(dlq).await?, 0);
    }
    Ok(())
}
