//! Settings of the bot's account.

use anyhow::Result;
use confab_simulator_base::unknown_setting;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

#[derive(Debug, Clone, Default)]
pub struct TelegramAccount {
    /// The app's address for updates. Without one, the app connects itself with `setWebhook`.
    pub webhook_url: String,
    /// `7000000001:AA..`. Nothing is accepted without one.
    pub token: SecretString,
    /// The secret of the configured webhook.
    pub secret: SecretString,
    pub username: String,
}

impl TelegramAccount {
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let text = value.to_owned();
        match name {
            "webhook" => self.webhook_url = text,
            "token" => self.token = text.into(),
            "secret" => self.secret = text.into(),
            "username" => self.username = text,
            _ => return Err(unknown_setting("telegram", name)),
        }
        Ok(())
    }

    /// Returns the bot's id, which its token begins with.
    pub(crate) fn bot_id(&self) -> i64 {
        let token = self.token.expose_secret();
        let id = token.split_once(':').and_then(|(id, _)| id.parse().ok());
        id.unwrap_or_default()
    }

    /// Returns the bot as a `User`.
    pub(crate) fn user(&self) -> Value {
        json!({
            "id": self.bot_id(), "is_bot": true, "first_name": self.username,
            "username": self.username,
        })
    }
}
