//! Payloads of owed callbacks.

use confab_simulator_base::Provider;
use serde_json::{Value, json};

pub(crate) const PROVIDER: Provider = Provider {
    name: "astria",
    batches: false,
};

/// Builds the payload that is kept until the callback is made.
pub(crate) fn payload(
    id: i64,
    what: &str,
    url: &str,
    body: &Value,
    correlation_id: Option<String>,
) -> Value {
    json!({"callback": id, "what": what, "url": url, "body": body, "correlation_id": correlation_id})
}

/// Names the object that the callback is about.
pub(crate) fn subject(payload: &Value) -> &str {
    payload["what"].as_str().unwrap_or("callback")
}

pub(crate) fn correlation_id(payload: &Value) -> Option<String> {
    payload["correlation_id"].as_str().map(str::to_owned)
}
