//! Settings of all simulators, from text.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use anyhow::{Result, bail};
use confab_simulator_base::{CallRecord, unknown_setting};
use confab_simulator_meta::MetaAccount;
use confab_simulator_shop::ShopConfig;
use confab_simulator_stripe::StripeAccount;
use confab_simulator_telegram::TelegramAccount;
use confab_simulator_twilio::TwilioAccount;

/// Values by simulator and name of the setting.
pub type SimulatorSettings = BTreeMap<String, BTreeMap<String, String>>;

#[derive(Clone)]
pub struct Options {
    pub data_dir: PathBuf,
    /// The address of the router, such as `http://127.0.0.1:7070`.
    pub base_url: String,
    pub meta: MetaAccount,
    pub twilio: TwilioAccount,
    pub telegram: TelegramAccount,
    pub stripe: StripeAccount,
    /// The shop on the ledger page, if payments are running.
    pub shop: Option<ShopConfig>,
    /// Returns milliseconds since 1970. The clock may jump forward.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    pub call_records: Arc<dyn Fn(CallRecord) + Send + Sync>,
}

impl Options {
    /// Reads the settings of all simulators. A simulator without settings runs without secrets.
    pub fn new(data_dir: PathBuf, base_url: String, settings: &SimulatorSettings) -> Result<Self> {
        let mut options = Self {
            data_dir,
            base_url,
            meta: MetaAccount::default(),
            twilio: TwilioAccount::default(),
            telegram: TelegramAccount::default(),
            stripe: StripeAccount::default(),
            shop: settings.get("shop").map(|_| ShopConfig::default()),
            clock: Arc::new(|| jiff::Timestamp::now().as_millisecond()),
            call_records: Arc::new(|_| {}),
        };
        for (simulator, settings) in settings {
            for (name, value) in settings {
                options.set(simulator, name, value)?;
            }
        }
        // Both channels deliver to one address of the app.
        options.twilio.webhook_url = options.meta.webhook_url.clone();
        Ok(options)
    }

    fn set(&mut self, simulator: &str, name: &str, value: &str) -> Result<()> {
        match simulator {
            "meta" => self.meta.set(name, value),
            "twilio" => self.twilio.set(name, value),
            "telegram" => self.telegram.set(name, value),
            "stripe" => self.stripe.set(name, value),
            "astria" => confab_simulator_astria::check_setting(name, value),
            "model" => confab_simulator_openai::check_setting(name, value),
            "shop" => match &mut self.shop {
                Some(shop) => shop.set(name, value),
                None => bail!("simulator shop: no settings were expected"),
            },
            _ => Err(unknown_setting(simulator, name)),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("data_dir", &self.data_dir)
            .field("base_url", &self.base_url)
            .field("meta", &self.meta)
            .field("twilio", &self.twilio)
            .field("telegram", &self.telegram)
            .field("stripe", &self.stripe)
            .finish_non_exhaustive()
    }
}
