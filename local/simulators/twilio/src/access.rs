//! Checks of accounts and addresses.

use axum::http::{HeaderMap, header::AUTHORIZATION};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;

use crate::{api_error::ApiError, twilio::Twilio};

pub(crate) fn authorize(twilio: &Twilio, sid: &str, headers: &HeaderMap) -> Result<(), ApiError> {
    let account = &twilio.account.account_sid;
    let token = twilio.account.auth_token.expose_secret();
    let expected = format!("Basic {}", STANDARD.encode(format!("{account}:{token}")));
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if given != Some(&expected) {
        return Err(ApiError::unauthenticated());
    }
    if sid != account {
        return Err(ApiError::not_found());
    }
    Ok(())
}

/// Returns the digits of `whatsapp:+16505550100`.
pub(crate) fn digits(address: &str) -> Option<&str> {
    let digits = address.strip_prefix("whatsapp:+")?;
    let plausible = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plausible.then_some(digits)
}
