//! The bot itself: webhook and menu of commands. An operator's command calls these.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::Telegram;
use crate::{Bot, Method, TelegramError, WebhookInfo, is_valid_secret, request::Call};

/// An entry of the menu of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotCommand {
    /// 1 to 32 characters of `a-z0-9_`.
    pub name: String,
    /// 1 to 256 characters.
    pub description: String,
}

const ALLOWED_UPDATES: [&str; 3] = ["message", "callback_query", "my_chat_member"];
const MAX_CONNECTIONS: u32 = 40;
const MAX_COMMANDS: usize = 100;
const MAX_NAME_BYTES: usize = 32;
const MAX_DESCRIPTION_CHARS: usize = 256;

impl Telegram {
    /// Returns the bot that the token belongs to.
    pub async fn me(&self) -> Result<Bot, TelegramError> {
        self.execute(Call::new(Method::GetMe)).await
    }

    /// Registers the webhook with the secret that Telegram sends along.
    pub async fn set_webhook(&self, url: &str, secret: &SecretString) -> Result<(), TelegramError> {
        let secret = secret.expose_secret();
        if !is_valid_secret(secret) {
            let reason = "a webhook secret has 1 to 256 characters of A-Z, a-z, 0-9, _ and -";
            return Err(TelegramError::invalid(reason));
        }
        let call = Call::new(Method::SetWebhook)
            .field("url", url)
            .field("secret_token", secret)
            .field("allowed_updates", ALLOWED_UPDATES.as_slice())
            .field("max_connections", MAX_CONNECTIONS);
        self.confirm(call).await
    }

    /// Removes the webhook. Waiting updates stay with Telegram for a day.
    pub async fn delete_webhook(&self) -> Result<(), TelegramError> {
        self.confirm(Call::new(Method::DeleteWebhook)).await
    }

    /// Returns the webhook with Telegram's last error of calling it.
    pub async fn webhook_info(&self) -> Result<WebhookInfo, TelegramError> {
        self.execute(Call::new(Method::GetWebhookInfo)).await
    }

    /// Sets the menu for people with this language, or for those whose language has no menu.
    pub async fn set_my_commands(
        &self,
        commands: &[BotCommand],
        language: Option<&str>,
    ) -> Result<(), TelegramError> {
        if commands.len() > MAX_COMMANDS {
            return Err(TelegramError::invalid("a menu has at most 100 commands"));
        }
        let commands: Vec<Value> = commands
            .iter()
            .map(BotCommand::json)
            .collect::<Result<_, _>>()?;
        let mut call = Call::new(Method::SetMyCommands).field("commands", commands);
        if let Some(language) = language {
            call = call.field("language_code", language);
        }
        self.confirm(call).await
    }

    /// Executes a call that returns `true`.
    pub(super) async fn confirm(&self, call: Call) -> Result<(), TelegramError> {
        let _: bool = self.execute(call).await?;
        Ok(())
    }
}

impl BotCommand {
    fn json(&self) -> Result<Value, TelegramError> {
        let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let Self { name, description } = self;
        if !(1..=MAX_NAME_BYTES).contains(&name.len()) || !name.bytes().all(is_allowed) {
            return Err(TelegramError::invalid(
                "a command has 1 to 32 characters of a-z, 0-9 and _",
            ));
        }
        if !(1..=MAX_DESCRIPTION_CHARS).contains(&confab_core::length(description)) {
            return Err(TelegramError::invalid(
                "a command's description has 1 to 256 characters",
            ));
        }
        Ok(json!({ "command": name, "description": description }))
    }
}
