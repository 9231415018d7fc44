//! The environment variables of rooms.

use std::time::Duration;

use confab_aws::{Aws, Keyring, SecretName};
use confab_contracts::payments::PriceList;
use confab_core::{Env, EnvError, Result};
use confab_lambda::StartError;

/// Seals sessions and tickets.
pub(crate) const SESSION_SECRET: SecretName = SecretName("ROOMS_SEAL_SECRET_PARAM");
/// Seals offers, which payments opens.
pub(crate) const OFFER_SECRET: SecretName = SecretName("SEAL_SECRET_PARAM");
/// The key of the model's API.
pub(crate) const MODEL_API_KEY: SecretName = SecretName("MODEL_API_KEY_PARAM");

const MESSAGE_TTL: &str = "MESSAGE_TTL_DAYS";
const DEFAULT_MESSAGE_TTL_DAYS: u64 = 30;

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

    /// How long a message is kept.
    pub(crate) fn message_ttl(&self) -> Result<Duration, EnvError> {
        match self
            .0
            .parsed(MESSAGE_TTL)?
            .unwrap_or(DEFAULT_MESSAGE_TTL_DAYS)
        {
            days @ 1..=3_650 => Ok(Duration::from_secs(days * 24 * 3_600)),
            days => Err(EnvError::Malformed {
                name: MESSAGE_TTL.to_owned(),
                reason: format!("{days} is not between 1 and 3650"),
            }),
        }
    }

    /// Name of the bucket of photos.
    pub(crate) fn bucket(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_BUCKET")
    }

    /// URL of the FIFO queue of broadcasts.
    pub(crate) fn broadcast_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_BROADCAST_QUEUE_URL")
    }

    /// URL of the queue of photos to analyze.
    pub(crate) fn photo_queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_PHOTOS_QUEUE_URL")
    }

    /// Name of the event bus.
    pub(crate) fn event_bus(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_EVENT_BUS")
    }

    /// The address at which clients open sockets.
    pub(crate) fn socket_url(&self) -> Result<&str, EnvError> {
        self.0.required("SOCKET_URL")
    }

    /// The address at which functions post to sockets.
    pub(crate) fn socket_endpoint(&self) -> Result<&str, EnvError> {
        Ok(self.0.required("SOCKET_ENDPOINT")?.trim_end_matches('/'))
    }

    /// The origin whose pages may open a socket. `None` allows all origins.
    pub(crate) fn allowed_origin(&self) -> Option<&str> {
        self.0
            .optional("ROOMS_ORIGIN")
            .filter(|origin| *origin != "*")
    }

    /// The price list of all products.
    pub(crate) fn prices(&self) -> Result<PriceList, StartError> {
        Ok(PriceList::parse(self.0.required("PRICES")?)?)
    }

    /// The base URL of the payments API.
    pub(crate) fn pay_base_url(&self) -> Result<&str, EnvError> {
        self.0.required("PAY_BASE_URL")
    }

    /// The base URL of the model's API.
    pub(crate) fn model_api_url(&self) -> Result<&str, EnvError> {
        self.0.required("MODEL_API_URL")
    }

    /// Overrides the default model for captions.
    pub(crate) fn vision_model(&self) -> Option<&str> {
        self.0.optional("MODEL_VISION")
    }

    /// Overrides the default model for embeddings.
    pub(crate) fn embedding_model(&self) -> Option<&str> {
        self.0.optional("MODEL_EMBEDDING")
    }

    /// Overrides the default model for moderation.
    pub(crate) fn moderation_model(&self) -> Option<&str> {
        self.0.optional("MODEL_MODERATION")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_kept_for_thirty_days_by_default() {
        let ttl = |value| Config::new(Env::from_iter([(MESSAGE_TTL, value)])).message_ttl();
        assert_eq!(ttl(""), Ok(Duration::from_secs(30 * 24 * 3_600)));
        assert_eq!(ttl("7"), Ok(Duration::from_secs(7 * 24 * 3_600)));
        for odd in ["0", "-1", "3651", "a week", "1.5"] {
            assert!(ttl(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn all_origins_are_allowed_by_an_asterisk() {
        let config = |value| Config::new(Env::from_iter([("ROOMS_ORIGIN", value)]));
        assert_eq!(config("*").allowed_origin(), None);
        assert_eq!(
            config("https://rooms.example").allowed_origin(),
            Some("https://rooms.example")
        );
    }
}
