//! Checks of tokens, versions and object ids.

use axum::http::HeaderMap;
use confab_simulator_base::bearer_token;
use secrecy::ExposeSecret;

use crate::{api_error::ApiError, meta::Meta};

pub(crate) fn authorize(meta: &Meta, headers: &HeaderMap) -> Result<(), ApiError> {
    if bearer_token(headers) != Some(meta.account.access_token.expose_secret()) {
        return Err(ApiError::token());
    }
    Ok(())
}

pub(crate) fn check_version(version: &str) -> Result<(), ApiError> {
    let is_known = version.strip_prefix('v').is_some_and(|number| {
        let digits = number
            .split('.')
            .all(|part| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty());
        digits && number.len() <= 5
    });
    if !is_known {
        return Err(ApiError::parameter(format!("Unknown version {version}.")));
    }
    Ok(())
}

pub(crate) fn check_number(
    meta: &Meta,
    version: &str,
    phone_number_id: &str,
) -> Result<(), ApiError> {
    check_version(version)?;
    if phone_number_id != meta.account.phone_number_id {
        return Err(ApiError::no_object(phone_number_id));
    }
    Ok(())
}
