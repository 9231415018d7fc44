//! People who ask the bot for carousels.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{Place, eventually};

/// The slides among the messages of a chat.
pub fn count_photos(messages: &[Value]) -> usize {
    let photos = messages
        .iter()
        .filter(|message| message["photo"].is_array());
    photos.count()
}

/// A person in a private chat with the bot.
#[derive(Debug)]
pub struct Reader<'a> {
    place: &'a Place,
    pub id: i64,
}

impl<'a> Reader<'a> {
    pub async fn new(place: &'a Place, language: &str) -> Result<Self> {
        let new = json!({ "first_name": "Dana", "language_code": language });
        let person = place.post("/api/telegram/people", &new).await?;
        let id = person["id"].as_i64().context("an id")?;
        Ok(Self::known(place, id))
    }

    /// A person who has written before.
    pub fn known(place: &'a Place, id: i64) -> Self {
        Self { place, id }
    }

    pub async fn writes(&self, text: &str) -> Result<Value> {
        let path = format!("/api/telegram/chats/{}/messages", self.id);
        let new = json!({ "from": self.id, "text": text });
        self.place.post(&path, &new).await
    }

    pub async fn messages(&self) -> Result<Vec<Value>> {
        let path = format!("/api/telegram/chats/{}/messages", self.id);
        let messages = self.place.get(&path).await?;
        let messages = messages.as_array().context("a list")?.clone();
        let is_there = |message: &Value| message["is_deleted"] != true;
        Ok(messages.into_iter().filter(is_there).collect())
    }

    /// Waits for so many photos, and for the message with buttons below them.
    pub async fn has_slides(&self, count: usize) -> Result<Value> {
        eventually(|| async {
            let messages = self.messages().await?;
            let photos = count_photos(&messages);
            ensure!(photos == count, "{photos} photos");
            let last = messages.last().context("a message")?;
            ensure!(last["reply_markup"]["inline_keyboard"].is_array(), "{last}");
            Ok(last.clone())
        })
        .await
    }

    pub async fn taps(&self, message: &Value, label: &str) -> Result<Value> {
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
