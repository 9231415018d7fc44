//! The photo studio as people have it: from the first word to the photos and the stars. The same on local and on a
//! deployed stack.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use confab_e2e::{ENGLISH, HEBREW, Place, TRAINING, Visit, Words, eventually, text_of};
use serde_json::json;

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
async fn late_and_repeated_callbacks_deliver_each_photo_once() -> Result<()> {
    let place = Place::any().await?;
    place.opens_a_studio().await?;
    place
        .astria(&json!({ "copies": 3, "reorder": true, "delay_ms": 500 }))
        .await?;
    let visit = Visit::of(&place, "Tamar", "meta").await?;
    let tune = visit.has_paid("woman").await?;
    place.passes(TRAINING).await?;
    visit.has_photos(4).await?;
    place
        .post(
            &format!("/api/astria/tunes/{}/callback", tune["id"]),
            &json!({}),
        )
        .await?;
    place.passes(TRAINING).await?;
    place.rests().await?;
    assert_eq!(visit.photos().await?.len(), 4);
    assert_eq!(
        place
            .tunes_of(tune["title"].as_str().context("a title")?)
            .await?
            .len(),
        1
    );
    Ok(())
}

/// Astria's documents and its own examples disagree about the shape, and the body is never used.
#[tokio::test]
async fn callbacks_with_a_valid_ticket_are_accepted_with_any_body() -> Result<()> {
    let place = Place::any().await?;
    place.opens_a_studio().await?;
    place.astria(&json!({ "shape": "wrapped" })).await?;
    let visit = Visit::of(&place, "Lior", "meta").await?;
    let tune = visit.has_paid("woman").await?;
    let address = tune["callback"]
        .as_str()
        .context("an address to call back")?;
    let prompt = json!({ "id": 1, "tune_id": tune["id"], "images": [] });
    for body in [
        json!({ "prompts": [prompt] }).to_string(),
        json!({ "tune": { "id": tune["id"] } }).to_string(),
        json!({ "prompt": prompt }).to_string(),
        "{}".to_owned(),
        "{".to_owned(),
        String::new(),
    ] {
        assert_eq!(
            place
                .http
                .post(address)
                .body(body.clone())
                .send()
                .await?
                .status(),
            200,
            "{body}"
        );
    }
    place.passes(TRAINING).await?;
    visit.has_photos(4).await?;
    place
        .astria(&json!({ "shape": "documented" }))
        .await
        .map(drop)
}

#[tokio::test]
async fn forged_callbacks_deliver_nothing() -> Result<()> {
    let place = Place::any().await?;
    place.opens_a_studio().await?;
    let first = Visit::of(&place, "First", "meta").await?;
    let done = first.has_paid("woman").await?;
    place.passes(TRAINING).await?;
    first.has_photos(4).await?;
    // The second one's training takes longer than this test.
    place.astria(&json!({ "train_ms": 3_600_000 })).await?;
    let second = Visit::of(&place, "Second", "meta").await?;
    let tune = second.has_paid("man").await?;
    let address = tune["callback"]
        .as_str()
        .context("an address to call back")?
        .to_owned();
    let images = place
        .get(&format!("/api/astria/tunes/{}", done["id"]))
        .await?["images"]
        .clone();
    let prompts = json!([{ "id": 1, "tune_id": done["id"], "images": images }]);
    let posts = |address: String| place.http.post(address).json(&prompts).send();
    let forged = address.replace("ticket=", "ticket=x");
    for wrong in [forged, format!("{}/pack-tune-received", place.gateway)] {
        assert_eq!(posts(wrong).await?.status(), 401);
    }
    // With the order's own ticket, and photos of another person.
    assert_eq!(posts(address).await?.status(), 200);
    place.rests().await?;
    assert_eq!(
        (first.photos().await?.len(), second.photos().await?.len()),
        (4, 0)
    );
    place
        .post(
            &format!("/api/astria/tunes/{}/finish", tune["id"]),
            &json!({}),
        )
        .await?;
    let photos = second.has_photos(4).await?;
    let (ours, theirs) = (
        second.picture(&photos[0]).await?,
        first.picture(&first.photos().await?[0]).await?,
    );
    ensure!(ours != theirs, "another person's photo");
    Ok(())
}

#[tokio::test]
async fn returning_users_order_without_new_selfies() -> Result<()> {
    let place = Place::any().await?;
    place.opens_a_studio().await?;
    let visit = Visit::of(&place, "Adi", "meta").await?;
    let tune = visit.has_paid("woman").await?;
    place.passes(TRAINING).await?;
    visit.has_photos(4).await?;
    visit.hears(ENGLISH.stars, 0).await?;
    let heard = visit.heard().await?;
    visit.person.says("selfies").await?;
    let again = visit.hears("Shall I use it again", heard).await?;
    visit.taps(&again, "Use it again").await?;
    let tiers = visit.hears(ENGLISH.tiers, heard).await?;
    visit.taps(&tiers, ENGLISH.lite).await?;
    let packs = visit.hears("Pick a style", heard).await?;
    visit.taps(&packs, "Quiet Studio Lite").await?;
    let link = eventually(|| async {
        let answers = visit.person.answers().await?;
        let link = answers
            .iter()
            .skip(heard)
            .find(|answer| answer.to_string().contains("/api/payments/pay/"));
        link.cloned().context("no link to pay")
    })
    .await?;
    visit.pays(&link, "success").await?;
    visit.has_photos(8).await?;
    let known = place
        .get(&format!("/api/astria/tunes/{}", tune["id"]))
        .await?;
    assert_eq!(
        known["batches"].as_array().map(Vec::len),
        Some(2),
        "the same model: {known}"
    );
    Ok(())
}

#[tokio::test]
async fn pay_links_are_short_and_hold_no_personal_data() -> Result<()> {
    let place = Place::any().await?;
    place.opens_a_studio().await?;
    for channel in ["meta", "twilio"] {
        let visit = Visit::of(&place, "Ronit", channel).await?;
        let message = visit.orders(&ENGLISH, "woman").await?;
        let link = visit.pay_link(&message)?;
        let (_, id) = link
            .split_once("/api/payments/pay/")
            .context("a link to pay")?;
        assert!(id.len() <= 30 && id.starts_with("ord_"), "{link}");
        let page = visit.pay_page(&message).await?;
        let session = page.rsplit('/').next().unwrap_or_default();
        let checkout = place.get(&format!("/api/pay/{session}")).await?;
        let cancel = checkout["cancel_url"].as_str().context("a way back")?;
        let html = place.http.get(cancel).send().await?.text().await?;
        assert!(
            html.contains("Nothing was paid") && !html.contains("Thank you"),
            "{html}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn pending_bank_debits_are_shown_in_the_chat() -> Result<()> {
    let place = Place::any().await?;
    place.opens_a_studio().await?;
    for (card, end) in [
        ("async_success", ENGLISH.paid),
        ("async_failure", "didn't complete the payment"),
    ] {
        let visit = Visit::of(&place, "Tali", "meta").await?;
        let link = visit.orders(&ENGLISH, "woman").await?;
        let page = visit.pay_page(&link).await?;
        let session = page.rsplit('/').next().unwrap_or_default();
        visit.pays(&link, card).await?;
        visit.hears("on its way", 0).await?;
        let status = visit.person.asks("Status?").await?;
        ensure!(text_of(&status).contains("on its way"), "{status}");
        place
            .post(
                &format!("/api/stripe/payments/{session}/settle"),
                &json!({}),
            )
            .await?;
        visit.hears(end, 0).await?;
    }
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
async fn hostile_pictures_are_refused_with_a_reason() -> Result<()> {
    let place = Place::any().await?;
    let visit = Visit::of(&place, "Eve", "meta").await?;
    visit.person.asks("hi").await?;
    let heard = visit.heard().await?;
    let heic = [&[0, 0, 0, 24][..], b"ftypheic", &[0; 64]].concat();
    let bomb = png_that_claims(60_000, 60_000);
    let selfie = place.selfie(&visit.person.id, "woman", "good", 1).await?;
    let half = selfie[..selfie.len() / 2].to_vec();
    let huge = vec![0xff; 40 * 1024 * 1024];
    let hostile: [(&[u8], &str); 7] = [
        (&heic, "image/heic"),
        (&bomb, "image/png"),
        (b"<svg onload=alert(1)>", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (&half, "image/jpeg"),
        (&huge, "image/jpeg"),
        (b"", "image/jpeg"),
    ];
    for (bytes, mime_type) in hostile {
        visit.sends_picture(bytes, mime_type).await?;
    }
    visit.sends_picture(&selfie, "image/jpeg").await?;
    let progress = visit.hears("1 of 10 good photos", heard).await?;
    let text = text_of(&progress);
    ensure!(text.contains("7 can't be used"), "{text}");
    for part in ["not a picture I can read (5)", "too large (2)"] {
        ensure!(text.contains(part), "{part}: {text}");
    }
    for dlq in ["confab-studio-photos-dlq", "confab-studio-inbound-dlq.fifo"] {
        assert_eq!(place.depth(dlq).await?, 0);
    }
    Ok(())
}

#[tokio::test]
async fn a_hundred_concurrent_photos_fill_one_album() -> Result<()> {
    let place = Place::any().await?;
    let visit = Visit::of(&place, "Shira", "meta").await?;
    visit.person.asks("hi").await?;
    visit.sends_selfies("woman", "good", 0..100).await?;
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

#[tokio::test]
async fn pictures_are_fetched_from_provider_hosts_only() -> Result<()> {
    let place = Place::any().await?;
    let visit = Visit::of(&place, "Mallory", "twilio").await?;
    visit.person.asks("hi").await?;
    let heard = visit.heard().await?;
    let elsewhere = [
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "http://[::ffff:169.254.169.254]/",
        "http://localhost:2375/containers/json",
        "https://api.twilio.com.evil.example/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1",
        "https://api.twilio.com@evil.example/",
        "file:///etc/passwd",
        "//evil.example/picture.jpg",
        "not an address",
    ];
    for url in elsewhere {
        let fields = json!({ "NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "image/jpeg", "Body": "" });
        visit
            .person
            .sends(&json!({ "type": "raw", "fields": fields }))
            .await?;
    }
    let progress = visit.hears("8 can't be used", heard).await?;
    ensure!(text_of(&progress).contains("0 of 10"), "{progress}");
    for dlq in ["confab-studio-photos-dlq", "confab-studio-inbound-dlq.fifo"] {
        assert_eq!(place.depth(dlq).await?, 0);
    }
    Ok(())
}

/// A PNG of a few bytes that would be gigabytes of pixels.
fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let header = [
        &b"IHDR"[..],
        &width.to_be_bytes(),
        &height.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    let chunk = |body: &[u8]| {
        let length = u32::try_from(body.len() - 4).unwrap_or_default();
        [&length.to_be_bytes()[..], body, &crc32(body).to_be_bytes()].concat()
    };
    [
        &b"\x89PNG\r\n\x1a\n"[..],
        &chunk(&header),
        &chunk(b"IDATx"),
        &chunk(b"IEND"),
    ]
    .concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    })
}

#[tokio::test]
async fn operators_see_packs_with_pictures_and_ratings() -> Result<()> {
    let place = Place::any().await?;
    place.opens_a_studio().await?;
    let refreshed = place
        .refreshed(|refreshed| refreshed["pictures_drawn"] == refreshed["pictures"])
        .await?;
    assert_eq!(
        (&refreshed["packs"], &refreshed["pictures"]),
        (&json!(6), &json!(12)),
        "{refreshed}"
    );
    let visit = Visit::of(&place, "Gal", "meta").await?;
    visit.has_paid("woman").await?;
    place.passes(TRAINING).await?;
    visit.has_photos(4).await?;
    let stars = visit.hears(ENGLISH.stars, 0).await?;
    visit.taps(&stars, "⭐⭐").await?;
    visit.hears("What could be better", 0).await?;
    visit.person.says("They are too dark").await?;
    visit.hears("Our team will read it", 0).await?;
    let summary = place
        .operator(reqwest::Method::GET, "/api/studio/ratings")
        .await?;
    ensure!(summary["stars"]["2"].as_u64() >= Some(1), "{summary}");
    ensure!(
        summary["words"].to_string().contains("They are too dark"),
        "{summary}"
    );
    visit.person.asks("support").await?;
    visit.person.asks("Can I have them on paper?").await?;
    let summary = place
        .operator(reqwest::Method::GET, "/api/studio/ratings")
        .await?;
    ensure!(
        summary["questions"].to_string().contains("on paper"),
        "{summary}"
    );
    for (method, path) in [
        ("GET", "/api/studio/ratings"),
        ("POST", "/update-images"),
        ("GET", "/update-images"),
    ] {
        let address = format!("{}{path}", place.gateway);
        let answer = place
            .http
            .request(method.parse()?, address)
            .bearer_auth("guess")
            .send()
            .await?;
        assert_eq!(answer.status(), 401, "{method} {path}");
    }
    Ok(())
}
