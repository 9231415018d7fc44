//! Webhooks as Stripe posts them: one event each, laid out in lines, signed with the time of the posting.

use anyhow::Result;
use confab_core::Timestamp;
use reqwest::{RequestBuilder, header::CONTENT_TYPE};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{Outside, queue::Job};

/// What is kept until it is delivered.
pub(super) fn payload(event: &Value, correlation_id: Option<&str>) -> Value {
    json!({"event": event, "correlation_id": correlation_id})
}

pub(crate) fn kind(payload: &Value) -> &str {
    payload["event"]["type"].as_str().unwrap_or("event")
}

pub(crate) fn correlation(payload: &Value) -> Option<String> {
    payload["correlation_id"].as_str().map(str::to_owned)
}

pub(crate) fn request(
    outside: &Outside,
    job: &Job,
    secret: &SecretString,
) -> Result<RequestBuilder> {
    let body = serde_json::to_string_pretty(&job.payload["event"])?;
    let at = Timestamp::from_millisecond(outside.now())?;
    let signature = confab_stripe::sign(secret, body.as_bytes(), at)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    // Events of test mode carry a second signature, of a scheme that nobody should read.
    let signature = format!("{signature},v0={}", "6ffbb59b2300aae6".repeat(4));
    let request = outside.http.post(&outside.options.stripe_webhook_url);
    Ok(request
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        .header(
            "user-agent",
            "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        )
        .header("stripe-signature", signature)
        .body(body))
}
