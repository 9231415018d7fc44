//! A function's log line, as `shared/lambda` writes it.

use serde_json::{Map, Value};

/// What went wrong, in the words of the line: its message, and the error and code that stand beside it.
pub(crate) fn text(message: &str, fields: &Map<String, Value>) -> String {
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let mut text = message.to_owned();
    if let Some(error) = field("error").filter(|error| !message.contains(error)) {
        text = format!("{text}: {error}");
    }
    if let Some(code) = field("code").filter(|code| !text.contains(code)) {
        text = format!("{text} ({code})");
    }
    text
}

pub(crate) fn is_error(level: &str) -> bool {
    matches!(level, "ERROR" | "FATAL" | "WARN")
}
