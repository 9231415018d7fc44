//! Errors of requests to Astria. It has no idempotency keys: after a lost response, a tune has to
//! be looked up.

use std::time::Duration;

use confab_core::{Error, clip};
use confab_provider_base::{
    http::describe,
    parsed::{label, strip_control_characters},
    send::{ApiResponse, redact_phone_numbers},
};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AstriaError {
    /// The request was never sent.
    #[error("Astria not reached: {0}")]
    NotReached(String),
    /// Temporary: rate limits, a bad key, or an outage after which Astria asks for a retry.
    #[error("temporarily unavailable: {reason}")]
    Busy {
        retry_after: Option<Duration>,
        reason: String,
    },
    /// The request may have succeeded. Look it up after a minute; a retry may buy it twice.
    #[error("outcome unknown: {0}")]
    Unknown(String),
    /// Our account has no credit left; an operator adds some.
    #[error("our account has no credit left")]
    Unpaid,
    /// Astria rejected the request for good. The status is 0 when no request was made.
    #[error("refused with {status}: {message}")]
    Refused { status: u16, message: String },
    /// The object does not exist or has expired.
    #[error("not found")]
    Missing,
}

/// What a request does decides what a lost response means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestKind {
    /// Repeating it has no further effect.
    Repeatable,
    /// Repeating it is charged again.
    Purchase,
}

/// The first backoff after a server error, as Astria documents it.
const SERVER_ERROR_RETRY_DELAY: Duration = Duration::from_secs(30);

impl AstriaError {
    /// Tells whether the request was not executed and a retry may succeed.
    pub fn may_try_again(&self) -> bool {
        match self {
            Self::NotReached(_) | Self::Busy { .. } | Self::Unpaid => true,
            // Statuses that do not judge the request itself may come from a gateway.
            Self::Refused { status, .. } => !matches!(status, 0 | 400 | 413 | 415 | 422),
            Self::Unknown(_) | Self::Missing => false,
        }
    }

    /// Tells whether the request may have been executed.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    pub(super) fn busy(reason: impl Into<String>) -> Self {
        Self::Busy {
            retry_after: None,
            reason: reason.into(),
        }
    }

    pub(super) fn response_lost(kind: RequestKind, reason: impl Into<String>) -> Self {
        match kind {
            RequestKind::Repeatable => Self::busy(reason),
            RequestKind::Purchase => Self::Unknown(reason.into()),
        }
    }

    pub(super) fn from_transport(kind: RequestKind, error: reqwest::Error) -> Self {
        // A malformed URL comes from our configuration.
        if error.is_builder() || error.is_connect() {
            return Self::NotReached(describe(error));
        }
        Self::response_lost(kind, describe(error))
    }

    /// Classifies a response that is no success.
    pub(super) fn from_response(kind: RequestKind, response: &ApiResponse) -> Self {
        let status = response.status.as_u16();
        let message = explanation(&response.body);
        let reason = match &message {
            Some(message) => format!("HTTP {status}: {message}"),
            None => format!("HTTP {status}"),
        };
        let retry_after = response.retry_after;
        match status {
            402 => Self::Unpaid,
            404 | 410 => Self::Missing,
            // A bad key does not judge the request: it waits for an operator.
            401 | 403 | 408 | 425 | 429 => Self::Busy {
                retry_after,
                reason,
            },
            500 if kind == RequestKind::Repeatable => Self::Busy {
                retry_after: Some(retry_after.unwrap_or(SERVER_ERROR_RETRY_DELAY)),
                reason,
            },
            501.. if kind == RequestKind::Repeatable => Self::Busy {
                retry_after,
                reason,
            },
            // After a 504 the request has usually succeeded, and any other server error does not
            // rule it out.
            500.. => Self::Unknown(reason),
            // Redirects are not followed either: something other than Astria has answered.
            _ => Self::Refused {
                status,
                message: message.unwrap_or_else(|| "no error details".into()),
            },
        }
    }
}

const MAX_ERROR_MESSAGES: usize = 5;
const MAX_EXPLANATION_CHARS: usize = 200;

/// Collects messages such as `{"images":["must contain at least one image"]}` or `{"error":".."}`.
fn explanation(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let mut messages = Vec::new();
    collect("", &body, &mut messages);
    if messages.is_empty() {
        return None;
    }
    Some(clip(&redact(&messages.join("; ")), MAX_EXPLANATION_CHARS))
}

fn collect(field: &str, value: &Value, messages: &mut Vec<String>) {
    if messages.len() >= MAX_ERROR_MESSAGES {
        return;
    }
    match value {
        Value::String(text) if text.trim().is_empty() => {}
        Value::String(text) if matches!(field, "" | "error" | "errors" | "message") => {
            messages.push(text.clone())
        }
        Value::String(text) => messages.push(format!("{field}: {text}")),
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect(field, value, messages)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| collect(&label(name), value, messages)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Removes what Astria quotes from the request: photo URLs, keys, email addresses, phone numbers.
pub(super) fn redact(text: &str) -> String {
    let is_private = |word: &str| ["@", "://", "sd_"].iter().any(|mark| word.contains(mark));
    let text = strip_control_characters(text);
    let words = text
        .split_whitespace()
        .map(|word| if is_private(word) { "…" } else { word });
    redact_phone_numbers(&words.collect::<Vec<_>>().join(" "))
}

impl From<AstriaError> for Error {
    fn from(error: AstriaError) -> Self {
        match error {
            AstriaError::NotReached(_) => Self::unavailable("astria_not_reached", error),
            AstriaError::Busy { .. } => Self::unavailable("astria_busy", error),
            AstriaError::Unknown(_) => Self::unavailable("astria_outcome_unknown", error),
            AstriaError::Unpaid => Self::unavailable("astria_unpaid", error),
            AstriaError::Refused { .. } => Self::internal("astria_refused", error),
            AstriaError::Missing => Self::internal("astria_missing", error),
        }
    }
}

#[cfg(test)]
mod tests {
    use confab_core::Kind;

    use super::*;

    fn explanation_of(body: &str) -> Option<String> {
        explanation(body.as_bytes())
    }

    #[test]
    fn field_errors_become_a_short_explanation() {
        for (body, expected) in [
            (
                r#"{"images":["must contain at least one image"]}"#,
                "images: must contain at least one image",
            ),
            (r#"{"error":"Invalid API key"}"#, "Invalid API key"),
            (r#"{"status":422,"message":"no"}"#, "no"),
            (
                r#"{"errors":{"name":["is not in the pack"],"title":"is missing"}}"#,
                "name: is not in the pack; title: is missing",
            ),
            (r#"["one",["two"]]"#, "one; two"),
            (r#""plain""#, "plain"),
        ] {
            assert_eq!(explanation_of(body).as_deref(), Some(expected), "{body}");
        }
        for body in [
            "",
            "<html>",
            "{}",
            "[]",
            "null",
            r#"{"status":422}"#,
            r#"{"error":" "}"#,
        ] {
            assert_eq!(explanation_of(body), None, "{body}");
        }
        let many = Value::from(vec!["x".repeat(300); 1_000]).to_string();
        assert!(explanation_of(&many).unwrap().chars().count() <= MAX_EXPLANATION_CHARS);
        assert_eq!(
            explanation_of(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))),
            None
        );
    }

    #[test]
    fn explanation_contains_no_url_no_key_and_no_phone_number() {
        let body = r#"{"image_urls":["https://bucket.example/dana.jpg?sig=1 is not reachable"],
            "title":["of dana@example.com +16505550100 has been taken"],"key":["sd_secret"]}"#;
        let message = explanation_of(body).unwrap();
        assert!(
            message.contains("is not reachable") && message.contains("has been taken"),
            "{message}"
        );
        for private in ["bucket", "dana", "6505550100", "sd_secret"] {
            assert!(!message.contains(private), "{message}");
        }
        assert_eq!(
            redact("see https:\u{1}//b.example and sd\0_secret"),
            "see … and …"
        );
    }

    #[test]
    fn error_kind_tells_retryable_from_possibly_executed() {
        let refused = AstriaError::Refused {
            status: 422,
            message: "no".into(),
        };
        for (error, again, happened, kind) in [
            (
                AstriaError::NotReached("x".into()),
                true,
                false,
                Kind::Unavailable,
            ),
            (AstriaError::busy("x"), true, false, Kind::Unavailable),
            (
                AstriaError::Unknown("x".into()),
                false,
                true,
                Kind::Unavailable,
            ),
            (AstriaError::Unpaid, true, false, Kind::Unavailable),
            (refused, false, false, Kind::Internal),
            (AstriaError::Missing, false, false, Kind::Internal),
        ] {
            assert_eq!(
                (error.may_try_again(), error.may_have_happened()),
                (again, happened),
                "{error}"
            );
            assert_eq!(Error::from(error).kind(), kind);
        }
    }
}
