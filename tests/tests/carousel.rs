//! The carousel as people have it: a topic in Telegram, and slides in the chat. The same on local and on a deployed stack.

use anyhow::{Context, Result, ensure};
use confab_e2e::{Place, eventually};
use serde_json::{Value, json};

/// A person in a private chat with the bot.
struct Reader<'a> {
    place: &'a Place,
    id: i64,
}

impl<'a> Reader<'a> {
    async fn new(place: &'a Place, language: &str) -> Result<Self> {
        let new = json!({ "first_name": "Dana", "language_code": language });
        let person = place.post("/api/telegram/people", &new).await?;
        let id = person["id"].as_i64().context("an id")?;
        Ok(Self { place, id })
    }

    async fn writes(&self, text: &str) -> Result<Value> {
        let path = format!("/api/telegram/chats/{}/messages", self.id);
        let new = json!({ "from": self.id, "text": text });
        self.place.post(&path, &new).await
    }

    async fn messages(&self) -> Result<Vec<Value>> {
        let path = format!("/api/telegram/chats/{}/messages", self.id);
        let messages = self.place.get(&path).await?;
        let messages = messages.as_array().context("a list")?.clone();
        let is_there = |message: &Value| message["is_deleted"] != true;
        Ok(messages.into_iter().filter(is_there).collect())
    }

    /// Waits for so many photos, and for the message with buttons below them.
    async fn has_slides(&self, count: usize) -> Result<Value> {
        eventually(|| async {
            let messages = self.messages().await?;
            let photos = messages
                .iter()
                .filter(|message| message["photo"].is_array());
            let photos = photos.count();
            ensure!(photos == count, "{photos} photos");
            let last = messages.last().context("a message")?;
            ensure!(last["reply_markup"]["inline_keyboard"].is_array(), "{last}");
            Ok(last.clone())
        })
        .await
    }

    async fn taps(&self, message: &Value, label: &str) -> Result<Value> {
        let rows = message["reply_markup"]["inline_keyboard"].as_array();
        let buttons = rows
            .into_iter()
            .flatten()
            .filter_map(Value::as_array)
            .flatten();
        let mut labelled = buttons.filter(|button| {
            button["text"]
                .as_str()
                .is_some_and(|text| text.contains(label))
        });
        let button = labelled
            .next()
            .with_context(|| format!("a button {label}"))?;
        let path = format!(
            "/api/telegram/chats/{}/messages/{}/tap",
            self.id, message["message_id"]
        );
        let tap = json!({ "from": self.id, "data": button["callback_data"] });
        self.place.post(&path, &tap).await
    }
}

#[tokio::test]
async fn a_topic_becomes_slides_and_a_pdf() -> Result<()> {
    let place = Place::any().await?;
    let dana = Reader::new(&place, "en").await?;
    dana.writes("/carousel small habits").await?;
    let last = dana.has_slides(7).await?;
    dana.taps(&last, "PDF").await?;
    eventually(|| async {
        let messages = dana.messages().await?;
        let mut documents = messages
            .iter()
            .filter(|message| message["document"].is_object());
        let document = documents.next().context("no document")?;
        let mime_type = &document["document"]["mime_type"];
        ensure!(mime_type == "application/pdf", "{document}");
        Ok(())
    })
    .await?;
    let violations = place.get("/api/telegram/violations").await?;
    ensure!(violations == json!([]), "{violations}");
    Ok(())
}

#[tokio::test]
async fn slides_are_made_in_five_languages() -> Result<()> {
    let place = Place::any().await?;
    for (language, topic) in [
        ("ru", "/carousel 2: маленькие привычки"),
        ("he", "/carousel 2: הרגלים קטנים"),
        ("hi", "/carousel 2: छोटी आदतें"),
        ("ar", "/carousel 2: عادات صغيرة"),
    ] {
        let reader = Reader::new(&place, language).await?;
        reader.writes(topic).await?;
        reader.has_slides(2).await?;
    }
    Ok(())
}
