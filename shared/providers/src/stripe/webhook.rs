//! Is this webhook from Stripe?

use confab_kernel::{Result, Timestamp};
use secrecy::SecretString;

use crate::timestamped;

const SCHEME: &str = "v1";

/// `header` is `Stripe-Signature`; the key is the whole secret with its `whsec_`; `raw_body` the bytes as they came.
pub fn verify(secrets: &[SecretString], raw_body: &[u8], header: Option<&str>, now: Timestamp) -> Result<()> {
    timestamped::verify(SCHEME, secrets, raw_body, header, now)
}

/// The header that Stripe would send.
pub fn sign(secret: &SecretString, raw_body: &[u8], at: Timestamp) -> Result<String> {
    timestamped::sign(SCHEME, secret, raw_body, at)
}
