//! Settings of the account.

use anyhow::Result;
use confab_simulator_base::unknown_setting;
use secrecy::SecretString;

#[derive(Debug, Clone, Default)]
pub struct StripeAccount {
    /// The app's address for events, such as `http://127.0.0.1:7071/payment-received`.
    pub webhook_url: String,
    /// `sk_test_..`
    pub secret_key: SecretString,
    /// `whsec_..`
    pub webhook_secret: SecretString,
}

impl StripeAccount {
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let text = value.to_owned();
        match name {
            "webhook" => self.webhook_url = text,
            "secret_key" => self.secret_key = text.into(),
            "webhook_secret" => self.webhook_secret = text.into(),
            _ => return Err(unknown_setting("stripe", name)),
        }
        Ok(())
    }
}
