//! The Graph API, as much of it as the Cloud API for WhatsApp needs.

pub(crate) mod letter;
mod media;
pub(crate) mod refusal;
mod send;
pub(crate) mod webhook;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderMap, header::AUTHORIZATION},
    routing::{get, post},
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::Outside;
use refusal::Refusal;
pub(crate) use send::{WINDOW_MS, correlation_of, hang, lost_connection};

pub(crate) fn routes() -> Router<Arc<Outside>> {
    Router::new()
        .route("/meta/{version}/{id}/messages", post(send::post))
        .route("/meta/{version}/{id}/media", post(media::upload))
        .route("/meta/{version}/{id}", get(media::place))
        .route("/meta/attachments", get(media::download))
}

fn authorize(outside: &Outside, headers: &HeaderMap) -> Result<(), Refusal> {
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    match token == Some(outside.options.secrets.meta_access_token.expose_secret()) {
        true => Ok(()),
        false => Err(Refusal::token()),
    }
}

fn check_version(version: &str) -> Result<(), Refusal> {
    let known = version.strip_prefix('v').is_some_and(|number| {
        let digits = number
            .split('.')
            .all(|part| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty());
        digits && number.len() <= 5
    });
    match known {
        true => Ok(()),
        false => Err(Refusal::parameter(format!("Unknown version {version}."))),
    }
}

fn check_number(outside: &Outside, version: &str, phone_number_id: &str) -> Result<(), Refusal> {
    check_version(version)?;
    match phone_number_id == outside.options.secrets.meta_phone_number_id {
        true => Ok(()),
        false => Err(Refusal::no_object(phone_number_id)),
    }
}

/// `X-Hub-Signature-256` of a webhook.
pub(crate) fn sign(app_secret: &SecretString, body: &[u8]) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.expose_secret().as_bytes())?;
    mac.update(body);
    let hex: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(format!("sha256={hex}"))
}
