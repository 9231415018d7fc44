//! One message all the way, as people see it. The same on local and on a deployed stack.

use anyhow::{Context, Result};
use confab_e2e::{Place, eventually, text_of};
use serde_json::{Value, json};

#[tokio::test]
async fn new_users_are_greeted_and_guided() -> Result<()> {
    let place = Place::any().await?;
    let dana = place.person("Dana", "meta").await?;
    let greeting = dana.asks("hi").await?;
    assert!(text_of(&greeting).starts_with("Hello Dana!"), "{greeting}");
    let button = greeting["content"]["buttons"][0].clone();
    let press = json!({ "type": "button_reply", "id": button["id"], "title": button["title"], "reply_to": greeting["id"] });
    dana.sends(&press).await?;
    assert!(text_of(&dana.answer(2).await?).contains("selfies"));
    Ok(())
}

#[tokio::test]
async fn language_changes_are_kept() -> Result<()> {
    let place = Place::any().await?;
    let noa = place.person("נועה", "meta").await?;
    assert!(text_of(&noa.asks("שלום").await?).starts_with("שלום נועה!"));
    assert!(text_of(&noa.asks("English").await?).contains("in English from now on"));
    assert!(text_of(&noa.asks("help").await?).contains("selfies"));
    Ok(())
}

#[tokio::test]
async fn twilio_users_get_numbered_choices() -> Result<()> {
    let place = Place::any().await?;
    let omer = place.person("Omer", "twilio").await?;
    let greeting = omer.asks("hello").await?;
    assert!(text_of(&greeting).contains("2. How it works"), "{greeting}");
    assert!(text_of(&omer.asks("2").await?).contains("selfies"));
    Ok(())
}

#[tokio::test]
async fn users_without_a_phone_number_are_answered() -> Result<()> {
    let place = Place::any().await?;
    let about = json!({ "name": "Hidden", "channel": "meta", "hide_number": true });
    let person = place.post("/api/phone/people", &about).await?;
    let path = format!(
        "/api/phone/people/{}/messages",
        person["id"].as_str().context("an id")?
    );
    place
        .post(&path, &json!({ "type": "text", "text": "hi" }))
        .await?;
    eventually(|| async {
        let chat = place.get(&path).await?;
        chat.as_array()
            .and_then(|chat| chat.iter().find(|m| m["from"] == "bot"))
            .cloned()
            .context("no answer")
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn delivery_statuses_follow_the_reply() -> Result<()> {
    let place = Place::any().await?;
    let dana = place.person("Dana", "meta").await?;
    dana.asks("hi").await?;
    place
        .post(&format!("/api/phone/people/{}/read", dana.id), &json!({}))
        .await?;
    eventually(|| async {
        let answer = dana.answers().await?.remove(0);
        (answer["status"] == "read")
            .then_some(())
            .with_context(|| answer.to_string())
    })
    .await
}

#[tokio::test]
async fn meta_verification_returns_its_challenge() -> Result<()> {
    let place = Place::any().await?;
    let ask = |token: &str| {
        let query = format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
        place
            .http
            .get(format!("{}/SmsReceived?{query}", place.gateway))
            .send()
    };
    let answer = ask("verify-token").await?;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await?, "1158201444");
    assert_eq!(ask("guess").await?.status(), 403);
    Ok(())
}

#[tokio::test]
async fn health_and_readiness_are_answered() -> Result<()> {
    let place = Place::any().await?;
    for path in ["/health", "/ready", "/studio/health", "/studio/ready"] {
        let answer = place
            .http
            .get(format!("{}{path}", place.gateway))
            .send()
            .await?;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.json::<Value>().await?["service"], "studio");
    }
    Ok(())
}

/// A webhook of a person without a phone page, with a number and a scoped id of the test's own.
fn says(id: &str, person: (&str, &str), name: &str, text: &str) -> String {
    let (phone, scoped_id) = person;
    // What was written long ago would not be answered freely.
    let now = std::time::UNIX_EPOCH
        .elapsed()
        .map_or(0, |since| since.as_secs())
        .to_string();
    let message = json!({ "from": phone, "from_user_id": scoped_id, "id": id, "timestamp": now, "type": "text",
        "text": { "body": text } });
    let contact = json!({ "profile": { "name": name }, "wa_id": phone, "user_id": scoped_id });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages",
        "value": { "messaging_product": "whatsapp", "metadata": { "phone_number_id": "106540352242922" },
            "contacts": [contact], "messages": [message] } }] }] })
    .to_string()
}

#[tokio::test]
async fn reassigned_numbers_do_not_disclose_the_old_conversation() -> Result<()> {
    let place = Place::any().await?;
    let first = place.person("First", "meta").await?;
    let phone = first.about["phone"].as_str().context("a number")?;
    first.asks("hi").await?;
    assert!(text_of(&first.asks("עברית").await?).contains("עברית"));
    // Another person writes from the number, and is greeted as new, in English and by name.
    let second = says(
        &format!("wamid.passed-on.{phone}"),
        (phone, "US.990099"),
        "Second",
        "hi",
    );
    assert_eq!(place.signed_webhook(second).await?.status(), 200);
    assert!(
        text_of(&first.answer(3).await?).starts_with("Hello Second!"),
        "{:?}",
        first.answers().await?
    );
    Ok(())
}
