//! The bot's webhook, and what went wrong with it last.

use rusqlite::{Connection, Result};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{account::TelegramAccount, tables::Kind, updates};

const WEBHOOKS: Kind<Webhook> = Kind::new("webhook");
/// There is one bot, and so one webhook.
const ID: &str = "bot";
pub(crate) const DEFAULT_CONNECTIONS: i64 = 40;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Webhook {
    /// Empty without a webhook.
    pub(crate) url: String,
    pub(crate) secret: String,
    pub(crate) allowed_updates: Vec<String>,
    pub(crate) max_connections: i64,
    /// Whether the webhook comes from the settings, and no call has replaced it.
    pub(crate) is_configured: bool,
    /// In Unix seconds.
    pub(crate) last_error_date: Option<i64>,
    pub(crate) last_error_message: Option<String>,
    /// When an unbroken series of 410 began.
    pub(crate) first_gone_at: Option<i64>,
}

impl Webhook {
    pub(crate) fn configured(account: &TelegramAccount) -> Self {
        Self {
            url: account.webhook_url.clone(),
            secret: account.secret.expose_secret().to_owned(),
            max_connections: DEFAULT_CONNECTIONS,
            is_configured: true,
            ..Self::default()
        }
    }

    /// Returns the `WebhookInfo` of the API.
    pub(crate) fn info(&self, db: &Connection) -> Result<Value> {
        let mut info = json!({
            "url": self.url, "has_custom_certificate": false,
            "pending_update_count": updates::count(db)?,
        });
        if self.url.is_empty() {
            return Ok(info);
        }
        info["max_connections"] = self.max_connections.into();
        info["ip_address"] = "127.0.0.1".into();
        if let Some(date) = self.last_error_date {
            info["last_error_date"] = date.into();
            info["last_error_message"] = self.last_error_message.clone().into();
        }
        if !self.allowed_updates.is_empty() {
            info["allowed_updates"] = self.allowed_updates.clone().into();
        }
        Ok(info)
    }
}

/// Returns the webhook, which is empty when there is none.
pub(crate) fn get(db: &Connection) -> Result<Webhook> {
    Ok(WEBHOOKS.get(db, ID)?.unwrap_or_default())
}

pub(crate) fn put(db: &Connection, webhook: &Webhook) -> Result<()> {
    WEBHOOKS.put(db, ID, webhook)
}
