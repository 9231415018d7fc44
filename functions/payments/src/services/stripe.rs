//! Our account at Stripe.

use confab_aws::Keyring;
use confab_core::{OrderId, Result};
use confab_lambda::StartError;
use confab_provider_base::http_client;
use confab_stripe::{Stripe, StripeConfig};
use secrecy::SecretString;

use crate::config::{Config, STRIPE_SECRET_KEY};

pub(crate) struct StripeAccount {
    http: reqwest::Client,
    /// Holds no key: each client gets the current one, so that a rotated key is used within
    /// minutes.
    config: StripeConfig,
    secrets: Keyring,
}

impl std::fmt::Debug for StripeAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.config.fmt(f)
    }
}

impl StripeAccount {
    pub(crate) fn new(config: &Config, secrets: Keyring) -> Result<Self, StartError> {
        Ok(Self {
            http: http_client()?,
            config: StripeConfig {
                api_url: config.stripe_api_url()?.to_owned(),
                version: config.stripe_api_version()?.to_owned(),
                secret_key: SecretString::default(),
            },
            secrets,
        })
    }

    pub(crate) async fn client(&self) -> Result<Stripe> {
        let config = StripeConfig {
            secret_key: self.secrets.current(STRIPE_SECRET_KEY).await?,
            ..self.config.clone()
        };
        Ok(Stripe::new(self.http.clone(), config))
    }

    /// Returns the order in a payment's metadata. `None` is a payment of another shop on the same
    /// account.
    pub(crate) async fn order_of(&self, payment: &str) -> Result<Option<OrderId>> {
        let payment = self.client().await?.payment_intent(payment).await?;
        Ok(payment.order_id.and_then(|id| id.parse().ok()))
    }
}
