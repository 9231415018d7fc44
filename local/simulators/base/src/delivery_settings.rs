//! How the webhooks of one queue go out.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliverySettings {
    /// How often each webhook is delivered.
    pub copies: u32,
    pub reorder: bool,
    pub delay_ms: i64,
    pub signature: SignatureMode,
    /// Maximum updates in one webhook of a provider that batches.
    pub batch: usize,
    /// Maximum webhooks in flight.
    pub concurrency: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureMode {
    #[serde(rename = "good")]
    Valid,
    #[serde(rename = "bad")]
    Invalid,
}

impl SignatureMode {
    /// Returns the secret to sign with, which is a wrong one for invalid signatures.
    pub fn secret(self, secret: &SecretString) -> SecretString {
        match self {
            Self::Valid => secret.clone(),
            Self::Invalid => format!("not {}", secret.expose_secret()).into(),
        }
    }
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            copies: 1,
            reorder: false,
            delay_ms: 0,
            signature: SignatureMode::Valid,
            batch: 1,
            concurrency: 20,
        }
    }
}

impl DeliverySettings {
    /// Names the first value that is out of its range.
    pub fn check(&self) -> Result<(), String> {
        check_range("copies", (1..=5).contains(&self.copies), "1 to 5")?;
        check_range(
            "delay_ms",
            (0..=3_600_000).contains(&self.delay_ms),
            "0 to 3600000",
        )?;
        check_range("batch", (1..=100).contains(&self.batch), "1 to 100")?;
        check_range(
            "concurrency",
            (1..=200).contains(&self.concurrency),
            "1 to 200",
        )
    }
}

pub fn check_range(name: &str, ok: bool, range: &str) -> Result<(), String> {
    if ok {
        Ok(())
    } else {
        Err(format!("{name} must be {range}."))
    }
}
