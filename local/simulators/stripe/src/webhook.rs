//! Payloads of owed events.

use confab_simulator_base::Provider;
use serde_json::{Value, json};

pub(crate) const PROVIDER: Provider = Provider {
    name: "stripe",
    batches: false,
};

/// Builds the payload that is kept until the event is delivered.
pub(crate) fn payload(event: &Value, correlation_id: Option<&str>) -> Value {
    json!({"event": event, "correlation_id": correlation_id})
}

pub(crate) fn event_type(payload: &Value) -> &str {
    payload["event"]["type"].as_str().unwrap_or("event")
}

pub(crate) fn correlation_id(payload: &Value) -> Option<String> {
    payload["correlation_id"].as_str().map(str::to_owned)
}
