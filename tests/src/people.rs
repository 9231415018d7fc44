//! People who write to us from the phones of the simulated providers.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{Place, eventually};

#[derive(Debug, Clone)]
pub struct Person<'a> {
    place: &'a Place,
    pub id: String,
    pub about: Value,
}

impl<'a> Person<'a> {
    pub(crate) async fn new(place: &'a Place, name: &str, channel: &str) -> Result<Self> {
        let about = place
            .post(
                "/api/phone/people",
                &json!({ "name": name, "channel": channel }),
            )
            .await?;
        let id = about["id"]
            .as_str()
            .context("a person has an id")?
            .to_owned();
        Ok(Self { place, id, about })
    }

    /// A person that exists already.
    pub fn known(place: &'a Place, id: &str) -> Self {
        Self {
            place,
            id: id.to_owned(),
            about: Value::Null,
        }
    }

    pub async fn sends(&self, message: &Value) -> Result<String> {
        let sent = self
            .place
            .post(&format!("/api/phone/people/{}/messages", self.id), message)
            .await?;
        Ok(sent["id"]
            .as_str()
            .context("a message has an id")?
            .to_owned())
    }

    pub async fn says(&self, text: &str) -> Result<String> {
        self.sends(&json!({ "type": "text", "text": text })).await
    }

    pub async fn chat(&self) -> Result<Vec<Value>> {
        let messages = self
            .place
            .get(&format!("/api/phone/people/{}/messages", self.id))
            .await?;
        messages.as_array().cloned().context("a chat is a list")
    }

    pub async fn answers(&self) -> Result<Vec<Value>> {
        Ok(self
            .chat()
            .await?
            .into_iter()
            .filter(|message| message["from"] == "bot")
            .collect())
    }

    /// Waits for the nth answer, counted from one.
    pub async fn answer(&self, nth: usize) -> Result<Value> {
        eventually(|| async {
            let answers = self.answers().await?;
            answers
                .get(nth - 1)
                .cloned()
                .with_context(|| format!("{} answers so far", answers.len()))
        })
        .await
    }

    /// Says something and waits for what comes back.
    pub async fn asks(&self, text: &str) -> Result<Value> {
        let before = self.answers().await?.len();
        self.says(text).await?;
        self.answer(before + 1).await
    }

    /// Each message was answered once, in order. The providers hand the correlation id through.
    pub async fn was_answered_once_in_order(&self) -> Result<()> {
        let chat = self.chat().await?;
        let of = |who: &str| -> Vec<String> {
            let from = chat.iter().filter(|message| message["from"] == who);
            from.map(|message| message["correlation_id"].to_string())
                .collect()
        };
        let (asked, answered) = (of("person"), of("bot"));
        if asked.iter().any(|id| id == "null") {
            bail!("a webhook was not accepted yet");
        }
        if asked != answered {
            bail!(
                "{} messages and {} answers of {}: {asked:?} {answered:?}",
                asked.len(),
                answered.len(),
                self.id
            );
        }
        Ok(())
    }
}
