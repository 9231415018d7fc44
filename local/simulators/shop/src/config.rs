//! Settings of the shop.

use anyhow::{Result, bail};
use secrecy::SecretString;

#[derive(Debug, Clone, Default)]
pub struct ShopConfig {
    /// The address of the payments API.
    pub gateway: String,
    pub operator_key: SecretString,
    pub seal_secret: SecretString,
    /// `studio.lite=19.00 USD +1, ..`
    pub prices: String,
}

impl ShopConfig {
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let value = value.to_owned();
        match name {
            "gateway" => self.gateway = value,
            "operator_key" => self.operator_key = value.into(),
            "seal_secret" => self.seal_secret = value.into(),
            "prices" => self.prices = value,
            other => bail!("simulator shop has no setting {other}"),
        }
        Ok(())
    }
}
