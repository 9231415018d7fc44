//! Settings of the account.

use anyhow::Result;
use confab_simulator_base::unknown_setting;
use secrecy::SecretString;

#[derive(Debug, Clone, Default)]
pub struct TwilioAccount {
    /// The app's address for incoming messages, such as `http://127.0.0.1:7071/SmsReceived`.
    pub webhook_url: String,
    pub account_sid: String,
    pub auth_token: SecretString,
    /// `whatsapp:+14155238886`
    pub from: String,
}

impl TwilioAccount {
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let text = value.to_owned();
        match name {
            "account_sid" => self.account_sid = text,
            "auth_token" => self.auth_token = text.into(),
            "from" => self.from = text,
            _ => return Err(unknown_setting("twilio", name)),
        }
        Ok(())
    }
}
