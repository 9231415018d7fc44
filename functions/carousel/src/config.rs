//! The environment variables of the carousel.

use std::str::FromStr;

use carousel_domain::{Budgets, PriceList};
use confab_aws::{Aws, Keyring, SecretName};
use confab_core::{Env, EnvError, Result};
use reqwest::Url;

/// Proves that a webhook comes from Telegram.
pub(crate) const TELEGRAM_WEBHOOK_SECRET: SecretName = SecretName("TELEGRAM_WEBHOOK_SECRET_PARAM");
/// The bot's token.
pub(crate) const TELEGRAM_BOT_TOKEN: SecretName = SecretName("TELEGRAM_BOT_TOKEN_PARAM");
/// Signs what the operator's server is told.
pub(crate) const CAROUSEL_WEBHOOK_SECRET: SecretName = SecretName("CAROUSEL_WEBHOOK_SECRET_PARAM");
/// The key of the model's API.
pub(crate) const MODEL_API_KEY: SecretName = SecretName("MODEL_API_KEY_PARAM");

/// A setting of the template that is `on` or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    On,
    Off,
}

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err("on or off is expected"),
        }
    }
}

/// The address of the operator's server, which is told of finished carousels.
#[derive(Debug, Clone)]
pub(crate) struct WebhookUrl(pub(crate) Url);

impl FromStr for WebhookUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let expected = "an https address without a user name is expected";
        let url = Url::parse(text).map_err(|_| expected)?;
        let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
        let has_user = !url.username().is_empty() || url.password().is_some();
        if !is_safe || has_user {
            return Err(expected);
        }
        Ok(Self(url))
    }
}

/// The configuration of one function, read once at start.
#[derive(Debug)]
pub(crate) struct Config(Env);

impl Config {
    pub(crate) fn new(env: Env) -> Self {
        Self(env)
    }

    /// The named secrets, read from SSM in one call.
    pub(crate) async fn secrets(&self, aws: &Aws, names: &[SecretName]) -> Result<Keyring> {
        Keyring::read(&self.0, aws, names).await
    }

    /// Whether the environment names a secret. An empty variable is a provider without an account.
    pub(crate) fn has_secret(&self, name: SecretName) -> bool {
        self.0.optional(name.0).is_some()
    }

    /// Name of the DynamoDB table.
    pub(crate) fn table(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_TABLE")
    }

    /// Name of the journal's table.
    pub(crate) fn journal_table(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_JOURNAL_TABLE")
    }

    /// URLs of the queues whose depth the sweep reads.
    pub(crate) fn watched_queue_urls(&self) -> Result<Vec<String>, EnvError> {
        self.0.required("CONFAB_WATCHED_QUEUE_URLS").map(list)
    }

    /// URLs of the dead-letter queues that the sweep looks into.
    pub(crate) fn dead_letter_queue_urls(&self) -> Result<Vec<String>, EnvError> {
        self.0.required("CONFAB_DEAD_LETTER_QUEUE_URLS").map(list)
    }

    /// Event types that the rules of the template subscribe to: one entry for each rule and type.
    pub(crate) fn subscriptions(&self) -> Result<Vec<String>, EnvError> {
        self.0.required("CAROUSEL_SUBSCRIPTIONS").map(list)
    }

    /// Whether a model writes texts.
    pub(crate) fn has_model(&self) -> bool {
        self.has_secret(MODEL_API_KEY)
    }

    /// Name of the S3 bucket.
    pub(crate) fn bucket(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_BUCKET")
    }

    /// Name of the event bus.
    pub(crate) fn event_bus(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_EVENT_BUS")
    }

    /// URL of the queue of conversation triggers.
    pub(crate) fn conversation_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_INBOUND_QUEUE_URL")
    }

    /// URL of the queue of texts to write.
    pub(crate) fn write_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_WRITE_QUEUE_URL")
    }

    /// URL of the queue of slides to draw.
    pub(crate) fn render_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_RENDER_QUEUE_URL")
    }

    /// Whether anyone may ask for carousels by `POST /test-carousel`.
    pub(crate) fn is_test_route_on(&self) -> Result<bool, EnvError> {
        let setting: Option<Switch> = self.0.parsed("TEST_CAROUSEL")?;
        Ok(setting == Some(Switch::On))
    }

    /// Base address of the Bot API.
    pub(crate) fn telegram_api_url(&self) -> Result<&str, EnvError> {
        self.0.required("TELEGRAM_API_URL")
    }

    /// Address of the operator's server. What it is told is signed, so that the secret must be named too.
    pub(crate) fn webhook_url(&self) -> Result<WebhookUrl, EnvError> {
        const NAME: &str = "CAROUSEL_WEBHOOK_URL";
        self.0.required(CAROUSEL_WEBHOOK_SECRET.0)?;
        let url = self.0.parsed(NAME)?;
        url.ok_or_else(|| EnvError::Missing(NAME.to_owned()))
    }

    /// Base address of the model's API. Without it there is no model.
    pub(crate) fn model_api_url(&self) -> Option<&str> {
        self.0.optional("MODEL_API_URL")
    }

    /// The model that writes.
    pub(crate) fn model_name(&self) -> Result<&str, EnvError> {
        self.0.required("MODEL_NAME")
    }

    /// The model that moderates. Servers without one have none.
    pub(crate) fn moderation_model(&self) -> Option<&str> {
        self.0.optional("MODEL_MODERATION")
    }

    /// What the model may cost. Without it, nothing.
    pub(crate) fn model_budgets(&self) -> Result<Budgets, EnvError> {
        Ok(self.0.parsed("MODEL_BUDGETS")?.unwrap_or_default())
    }

    /// Megabytes of this function, which Lambda sets.
    pub(crate) fn memory_megabytes(&self) -> Result<u64, EnvError> {
        let size = self.0.parsed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?;
        Ok(size.unwrap_or(128))
    }

    /// Prices of what a carousel uses. Without them a carousel costs nothing.
    pub(crate) fn prices(&self) -> Result<PriceList, EnvError> {
        Ok(self.0.parsed("CAROUSEL_PRICES")?.unwrap_or_default())
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}
