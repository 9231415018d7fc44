//! Settings of the account.

use anyhow::Result;
use confab_simulator_base::unknown_setting;
use secrecy::SecretString;

#[derive(Debug, Clone, Default)]
pub struct MetaAccount {
    /// The app's address for webhooks, such as `http://127.0.0.1:7071/SmsReceived`.
    pub webhook_url: String,
    pub phone_number_id: String,
    pub app_secret: SecretString,
    pub verify_token: SecretString,
    pub access_token: SecretString,
}

impl MetaAccount {
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let text = value.to_owned();
        match name {
            "webhook" => self.webhook_url = text,
            "phone_number_id" => self.phone_number_id = text,
            "app_secret" => self.app_secret = text.into(),
            "verify_token" => self.verify_token = text.into(),
            "access_token" => self.access_token = text.into(),
            _ => return Err(unknown_setting("meta", name)),
        }
        Ok(())
    }
}
