//! Sets and deletes the webhook, as the app's operator does.

use axum::http::Uri;
use confab_simulator_base::fetch;
use serde_json::Value;

use crate::{
    api::Done,
    api_error::ApiError,
    params::Params,
    telegram::Telegram,
    updates,
    webhook::{self, DEFAULT_CONNECTIONS, Webhook},
};

const MAX_CONNECTIONS: i64 = 100;
const MAX_SECRET_BYTES: usize = 256;
const PORTS: [u16; 4] = [443, 80, 88, 8_443];
/// Least time between two calls.
const INTERVAL_MS: i64 = 1_000;

pub(crate) fn set(telegram: &Telegram, params: &Params) -> Result<Done, ApiError> {
    let url = params.text("url");
    if url.is_empty() {
        return delete(telegram, params);
    }
    let secret = params.text("secret_token");
    check_secret(&secret)?;
    check_url(&url)?;
    let allowed = params.json("allowed_updates")?;
    let connections = params
        .integer("max_connections")
        .unwrap_or(DEFAULT_CONNECTIONS);
    take_turn(telegram)?;
    telegram.write(|unit| {
        let current = webhook::get(unit.db)?;
        let new = Webhook {
            url,
            secret,
            allowed_updates: allowed.map_or(current.allowed_updates.clone(), |list| names(&list)),
            max_connections: connections.clamp(1, MAX_CONNECTIONS),
            ..Webhook::default()
        };
        if params.flag("drop_pending_updates") {
            updates::delete_all(unit.db)?;
        }
        let errors = |webhook: &Webhook| Webhook {
            is_configured: false,
            last_error_date: None,
            last_error_message: None,
            first_gone_at: None,
            ..webhook.clone()
        };
        let is_same = errors(&current) == new;
        webhook::put(unit.db, &new)?;
        let description = if is_same {
            "Webhook is already set"
        } else {
            "Webhook was set"
        };
        Ok(Done::described(true, description))
    })
}

pub(crate) fn delete(telegram: &Telegram, params: &Params) -> Result<Done, ApiError> {
    take_turn(telegram)?;
    telegram.write(|unit| {
        let current = webhook::get(unit.db)?;
        if params.flag("drop_pending_updates") {
            updates::delete_all(unit.db)?;
        }
        let deleted = Webhook {
            allowed_updates: current.allowed_updates,
            ..Webhook::default()
        };
        webhook::put(unit.db, &deleted)?;
        let description = if current.url.is_empty() {
            "Webhook is already deleted"
        } else {
            "Webhook was deleted"
        };
        Ok(Done::described(true, description))
    })
}

fn names(list: &Value) -> Vec<String> {
    let names = list.as_array().into_iter().flatten();
    names
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

fn take_turn(telegram: &Telegram) -> Result<(), ApiError> {
    let now = telegram.context.now();
    let mut live = telegram.live();
    if live.webhook_set_at.is_some_and(|at| now - at < INTERVAL_MS) {
        return Err(ApiError::too_many(1));
    }
    live.webhook_set_at = Some(now);
    Ok(())
}

fn check_secret(secret: &str) -> Result<(), ApiError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if secret.len() > MAX_SECRET_BYTES {
        return Err(ApiError::bad("secret token is too long"));
    }
    if !secret.bytes().all(is_allowed) {
        return Err(ApiError::bad("secret token contains unallowed characters"));
    }
    Ok(())
}

/// Refuses what Telegram refuses. Addresses of this machine need neither HTTPS nor one of the ports.
fn check_url(url: &str) -> Result<(), ApiError> {
    let bad = |reason: &str| ApiError::bad(format!("bad webhook: {reason}"));
    if reqwest::Url::parse(url).is_ok_and(|url| fetch::is_local(&url)) {
        return Ok(());
    }
    let uri: Uri = url.parse().map_err(|_| bad("Invalid URL"))?;
    if uri.scheme_str() != Some("https") {
        return Err(bad("An HTTPS URL must be provided for webhook"));
    }
    if !PORTS.contains(&uri.port_u16().unwrap_or(443)) {
        return Err(bad(
            "Webhook can be set up only on ports 80, 88, 443 or 8443",
        ));
    }
    // The simulator reaches no other machine.
    Err(bad("Failed to resolve host: Name or service not known"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_https_and_one_of_the_ports() {
        let reason = |url: &str| check_url(url).unwrap_err().description;
        assert!(reason("http://example.com/a").contains("An HTTPS URL"));
        assert!(reason("https://example.com:444/a").contains("ports 80, 88, 443 or 8443"));
        assert!(reason("https://example.com:8443/a").contains("Failed to resolve host"));
        assert_eq!(check_url("http://127.0.0.1:7071/telegram"), Ok(()));
    }

    #[test]
    fn secrets_have_up_to_256_safe_characters() {
        assert_eq!(check_secret(&"aZ9_-".repeat(51)), Ok(()));
        assert!(check_secret("a b").is_err());
        assert!(check_secret(&"a".repeat(257)).is_err());
    }
}
