//! The outside world on a laptop: Meta, Twilio, Stripe, Astria and a model over their real wire formats, and the people who
//! write to us and pay through them. What was answered with success survives a `kill -9`; webhooks owed to the app are delivered later.

mod astria;
mod brackets;
mod chat;
mod delivery;
mod fetch;
mod ids;
mod meta;
mod model;
mod outside;
mod phone;
mod photo;
mod problem;
mod queue;
mod settings;
mod store;
mod stripe;
mod twilio;

use std::{path::PathBuf, sync::Arc};

use secrecy::SecretString;

pub use astria::API_KEY as ASTRIA_API_KEY;
pub use model::API_KEY as MODEL_API_KEY;
pub use outside::Outside;

#[derive(Clone)]
pub struct Options {
    pub data_dir: PathBuf,
    /// Where the router can be reached, such as `http://127.0.0.1:7070`.
    pub base_url: String,
    /// The app's address for webhooks, such as `http://127.0.0.1:7071/SmsReceived`.
    pub webhook_url: String,
    /// The app's address for Stripe's events, such as `http://127.0.0.1:7071/payment-received`.
    pub stripe_webhook_url: String,
    pub secrets: Secrets,
    /// Milliseconds since 1970, on a clock that may jump forward.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    pub sightings: Arc<dyn Fn(Sighting) + Send + Sync>,
}

#[derive(Debug, Clone)]
pub struct Secrets {
    pub meta_app_secret: SecretString,
    pub meta_verify_token: SecretString,
    pub meta_access_token: SecretString,
    pub meta_phone_number_id: String,
    pub twilio_account_sid: String,
    pub twilio_auth_token: SecretString,
    /// `whatsapp:+14155238886`
    pub twilio_from: String,
    /// `sk_test_..`
    pub stripe_secret_key: SecretString,
    /// `whsec_..`
    pub stripe_webhook_secret: SecretString,
}

/// A call of the app to a provider, or a webhook of a provider to the app.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    pub at: i64,
    pub correlation_id: Option<String>,
    pub provider: &'static str,
    pub text: String,
    pub ok: bool,
    pub duration_ms: f64,
    /// The id of the message that it was about.
    pub reference: Option<String>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("data_dir", &self.data_dir)
            .field("base_url", &self.base_url)
            .field("webhook_url", &self.webhook_url)
            .field("stripe_webhook_url", &self.stripe_webhook_url)
            .finish_non_exhaustive()
    }
}
