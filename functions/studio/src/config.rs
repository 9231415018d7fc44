//! The environment variables of the studio.

use confab_aws::{Aws, Keyring, SecretName};
use confab_core::{Env, EnvError, Result};
use confab_twilio::ContentSids;

/// Signs the webhooks of Meta.
pub(crate) const META_APP_SECRET: SecretName = SecretName("META_APP_SECRET_PARAM");
/// Answers the verification request of Meta.
pub(crate) const META_VERIFY_TOKEN: SecretName = SecretName("META_VERIFY_TOKEN_PARAM");
/// Sends messages and fetches media through Meta.
pub(crate) const META_ACCESS_TOKEN: SecretName = SecretName("META_ACCESS_TOKEN_PARAM");
/// Signs the webhooks of Twilio, sends messages and fetches media through it.
pub(crate) const TWILIO_AUTH_TOKEN: SecretName = SecretName("TWILIO_AUTH_TOKEN_PARAM");
/// The key of the Astria API.
pub(crate) const ASTRIA_API_KEY: SecretName = SecretName("ASTRIA_API_KEY_PARAM");
/// Seals offers to payments, and the tickets of Astria's callbacks.
pub(crate) const SEAL_SECRET: SecretName = SecretName("SEAL_SECRET_PARAM");

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

    /// Name of the DynamoDB table.
    pub(crate) fn table(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_TABLE")
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

    /// URL of the queue of delivery statuses.
    pub(crate) fn status_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_STATUS_QUEUE_URL")
    }

    /// URL of the queue of selfies to review.
    pub(crate) fn photo_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_PHOTOS_QUEUE_URL")
    }

    /// URL of the queue of generations.
    pub(crate) fn generation_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_MAKING_QUEUE_URL")
    }

    /// URL of the queue of users to erase.
    pub(crate) fn erase_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_ERASING_QUEUE_URL")
    }

    /// URL of the queue of pack refreshes.
    pub(crate) fn pack_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_DRAWING_QUEUE_URL")
    }

    /// URL of the queue of cleanups.
    pub(crate) fn cleanup_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_CLEANUP_QUEUE_URL")
    }

    /// The price list, as text.
    pub(crate) fn prices(&self) -> Result<&str, EnvError> {
        self.0.required("PRICES")
    }

    /// Base address of the payments service.
    pub(crate) fn pay_base_url(&self) -> Result<&str, EnvError> {
        self.0.required("PAY_BASE_URL")
    }

    /// Public base address of the API, as providers were told it. Operators may have typed a slash
    /// at its end.
    pub(crate) fn public_base_url(&self) -> Option<&str> {
        let url = self.0.optional("PUBLIC_BASE_URL")?;
        Some(url.trim_end_matches('/'))
    }

    /// Public base address of the API, for a function that cannot work without it.
    pub(crate) fn required_public_base_url(&self) -> Result<&str, EnvError> {
        let url = self.0.required("PUBLIC_BASE_URL")?;
        Ok(url.trim_end_matches('/'))
    }

    /// Base address of the Astria API.
    pub(crate) fn astria_api_url(&self) -> Result<&str, EnvError> {
        self.0.required("ASTRIA_API_URL")
    }

    /// Id of our phone number at Meta. Without it Meta is not used.
    pub(crate) fn meta_phone_number_id(&self) -> Option<&str> {
        self.0.optional("META_PHONE_NUMBER_ID")
    }

    /// Base address of Meta's Graph API.
    pub(crate) fn meta_api_url(&self) -> Result<&str, EnvError> {
        self.0.required("META_API_URL")
    }

    /// Version of Meta's Graph API.
    pub(crate) fn meta_api_version(&self) -> Result<&str, EnvError> {
        self.0.required("META_API_VERSION")
    }

    /// Id of our account at Twilio. Without it Twilio is not used.
    pub(crate) fn twilio_account_sid(&self) -> Option<&str> {
        self.0.optional("TWILIO_ACCOUNT_SID")
    }

    /// Base address of the Twilio API.
    pub(crate) fn twilio_api_url(&self) -> Result<&str, EnvError> {
        self.0.required("TWILIO_API_URL")
    }

    /// The WhatsApp address that Twilio sends from.
    pub(crate) fn twilio_from(&self) -> Result<&str, EnvError> {
        self.0.required("TWILIO_FROM")
    }

    /// Twilio's ids of message templates: `studio_news/en=HX..,studio_news/he=HX..`.
    pub(crate) fn twilio_content_sids(&self) -> ContentSids {
        let text = self.0.optional("TWILIO_CONTENT_SIDS").unwrap_or_default();
        let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
        pairs
            .map(|(name, sid)| (name.trim().to_owned(), sid.trim().to_owned()))
            .collect()
    }

    /// Secrets that verify webhooks. A channel without an account has none, so that its requests
    /// are refused.
    pub(crate) fn webhook_secrets(&self) -> Vec<SecretName> {
        let mut secrets = Vec::new();
        if self.meta_phone_number_id().is_some() {
            secrets.extend([META_APP_SECRET, META_VERIFY_TOKEN]);
        }
        if self.twilio_account_sid().is_some() {
            secrets.push(TWILIO_AUTH_TOKEN);
        }
        secrets
    }

    /// Secrets that send messages and fetch media.
    pub(crate) fn channel_secrets(&self) -> Vec<SecretName> {
        let mut secrets = Vec::new();
        if self.meta_phone_number_id().is_some() {
            secrets.push(META_ACCESS_TOKEN);
        }
        if self.twilio_account_sid().is_some() {
            secrets.push(TWILIO_AUTH_TOKEN);
        }
        secrets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_without_an_account_have_no_secrets() {
        let meta = Config::new(Env::from_iter([
            ("META_PHONE_NUMBER_ID", "1"),
            ("META_APP_SECRET_PARAM", "/a"),
        ]));
        assert_eq!(meta.webhook_secrets(), [META_APP_SECRET, META_VERIFY_TOKEN]);
        let twilio = Config::new(Env::from_iter([("TWILIO_ACCOUNT_SID", "AC1")]));
        assert_eq!(twilio.channel_secrets(), [TWILIO_AUTH_TOKEN]);
    }
}
