//! The environment variables of payments.

use confab_aws::{Aws, Keyring, SecretName};
use confab_core::{Env, EnvError, Result};

/// The key of the Stripe API.
pub(crate) const STRIPE_SECRET_KEY: SecretName = SecretName("STRIPE_SECRET_KEY_PARAM");
/// Signs the events of Stripe.
pub(crate) const STRIPE_WEBHOOK_SECRET: SecretName = SecretName("STRIPE_WEBHOOK_SECRET_PARAM");
/// Signs the reports of a provider that sends `X-Signature`.
pub(crate) const GENERIC_WEBHOOK_SECRET: SecretName = SecretName("PAYMENT_WEBHOOK_SECRET_PARAM");
/// The last path segment of the address that SUMIT calls.
pub(crate) const WEBHOOK_PATH_SECRET: SecretName = SecretName("PAYMENT_SECRET_PATH_PARAM");
/// Seals the offers and spends of products.
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

    /// URL of the queue of notices.
    pub(crate) fn queue_url(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_PAYMENTS_QUEUE_URL")
    }

    /// Name of the event bus.
    pub(crate) fn event_bus(&self) -> Result<&str, EnvError> {
        self.0.required("CONFAB_EVENT_BUS")
    }

    /// The price list, as text.
    pub(crate) fn prices(&self) -> Result<&str, EnvError> {
        self.0.required("PRICES")
    }

    /// Base address of the Stripe API.
    pub(crate) fn stripe_api_url(&self) -> Result<&str, EnvError> {
        self.0.required("STRIPE_API_URL")
    }

    /// Version of the Stripe API.
    pub(crate) fn stripe_api_version(&self) -> Result<&str, EnvError> {
        self.0.required("STRIPE_API_VERSION")
    }
}
