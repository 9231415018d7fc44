//! Fields of requests.

use serde_json::Value;

pub(super) fn text(request: &Value, name: &str) -> Option<String> {
    request.get(name).and_then(Value::as_str).map(str::to_owned)
}
