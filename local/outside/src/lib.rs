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
mod shop;
mod store;
mod stripe;
mod twilio;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use anyhow::{Result, bail};
use secrecy::SecretString;

pub use outside::Outside;
pub use shop::ShopSettings;

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
    /// The shop on the ledger page, when payments are there to sell through.
    pub shop: Option<ShopSettings>,
    /// Milliseconds since 1970, on a clock that may jump forward.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    pub sightings: Arc<dyn Fn(Sighting) + Send + Sync>,
}

#[derive(Debug, Clone, Default)]
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

/// What each simulator is told, by its name and the name of the setting.
pub type Simulators = BTreeMap<String, BTreeMap<String, String>>;

impl Options {
    /// Takes the settings of simulators from texts. One that is not named is there and has no secrets.
    pub fn new(data_dir: PathBuf, base_url: String, simulators: &Simulators) -> Result<Self> {
        let mut options = Self {
            data_dir,
            base_url,
            webhook_url: String::new(),
            stripe_webhook_url: String::new(),
            secrets: Secrets::default(),
            shop: simulators.get("shop").map(|_| ShopSettings::default()),
            clock: Arc::new(|| jiff::Timestamp::now().as_millisecond()),
            sightings: Arc::new(|_| {}),
        };
        for (simulator, settings) in simulators {
            for (name, value) in settings {
                options.set(simulator, name, value)?;
            }
        }
        Ok(options)
    }

    fn set(&mut self, simulator: &str, name: &str, value: &str) -> Result<()> {
        let secrets = &mut self.secrets;
        let text = value.to_owned();
        match (simulator, name) {
            ("meta", "webhook") => self.webhook_url = text,
            ("meta", "phone_number_id") => secrets.meta_phone_number_id = text,
            ("meta", "app_secret") => secrets.meta_app_secret = text.into(),
            ("meta", "verify_token") => secrets.meta_verify_token = text.into(),
            ("meta", "access_token") => secrets.meta_access_token = text.into(),
            ("twilio", "account_sid") => secrets.twilio_account_sid = text,
            ("twilio", "auth_token") => secrets.twilio_auth_token = text.into(),
            ("twilio", "from") => secrets.twilio_from = text,
            ("stripe", "webhook") => self.stripe_webhook_url = text,
            ("stripe", "secret_key") => secrets.stripe_secret_key = text.into(),
            ("stripe", "webhook_secret") => secrets.stripe_webhook_secret = text.into(),
            ("astria", "api_key") if value == astria::API_KEY => {}
            ("model", "api_key") if value == model::API_KEY => {}
            ("astria" | "model", "api_key") => {
                bail!("simulator {simulator}: its api_key is built in, and not this one")
            }
            ("shop", name) => match &mut self.shop {
                Some(shop) => shop.set(name, text)?,
                None => bail!("simulator shop: no settings were expected"),
            },
            _ => bail!("simulator {simulator} is not known, or has no setting {name}"),
        }
        Ok(())
    }
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
