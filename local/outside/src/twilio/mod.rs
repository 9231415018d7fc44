//! Twilio's Messages API, as much of it as WhatsApp needs.

mod media;
mod messages;
mod refusal;
pub(crate) mod webhook;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderMap, header::AUTHORIZATION},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;

use crate::Outside;
use refusal::Refusal;

pub(crate) fn routes() -> Router<Arc<Outside>> {
    Router::new()
        .route(
            "/twilio/2010-04-01/Accounts/{sid}/Messages.json",
            get(messages::list).post(messages::send),
        )
        .route(
            "/twilio/2010-04-01/Accounts/{sid}/Messages/{message}/Media/{media}",
            get(media::download),
        )
}

fn authorize(outside: &Outside, sid: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let secrets = &outside.options.secrets;
    let (account, token) = (
        &secrets.twilio_account_sid,
        secrets.twilio_auth_token.expose_secret(),
    );
    let expected = format!("Basic {}", STANDARD.encode(format!("{account}:{token}")));
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if given != Some(&expected) {
        return Err(Refusal::unauthenticated());
    }
    match sid == account {
        true => Ok(()),
        false => Err(Refusal::not_found()),
    }
}

/// The digits of `whatsapp:+16505550100`.
fn digits(address: &str) -> Option<&str> {
    let digits = address.strip_prefix("whatsapp:+")?;
    let plausible = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    plausible.then_some(digits)
}
