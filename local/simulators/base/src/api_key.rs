//! Keys and settings that arrive as text.

use anyhow::{Result, anyhow, bail};
use axum::http::{HeaderMap, header::AUTHORIZATION};

/// Returns the token of an `Authorization: Bearer` header.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
}

/// Fails unless the configured key is the one that the simulator accepts.
pub fn check_built_in_key(simulator: &str, value: &str, built_in: &str) -> Result<()> {
    if value != built_in {
        bail!("simulator {simulator}: its api_key is built in, and not this one");
    }
    Ok(())
}

/// Names the simulator and the setting that it does not have.
pub fn unknown_setting(simulator: &str, name: &str) -> anyhow::Error {
    anyhow!("simulator {simulator} is not known, or has no setting {name}")
}
