//! What became of a request to Astria. It has no idempotency key: a tune that may have been made is looked up.

use std::time::Duration;

use confab_core::{Error, clip};
use serde_json::Value;

use confab_provider_base::{
    http::describe,
    parsed::{label, strip_control_characters},
    send::{ApiResponse, redact_phone_numbers},
};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AstriaError {
    /// The request never left.
    #[error("not reached: {0}")]
    NotReached(String),
    /// Not now: too many requests, a key that is not good, a failure of Astria's after which it wants to be asked again.
    #[error("not now: {reason}")]
    Busy {
        retry_after: Option<Duration>,
        reason: String,
    },
    /// It may have been done. Look for it after a minute; asking again may do it twice.
    #[error("outcome unknown: {0}")]
    Unknown(String),
    /// Our account is out of money. An operator ends it.
    #[error("our account has no money left")]
    Unpaid,
    /// Astria said no, and will again. The status is 0 when it was not asked.
    #[error("refused with {status}: {message}")]
    Refused { status: u16, message: String },
    /// There is no such thing, or it has expired.
    #[error("not there")]
    Missing,
}

/// What a request does, and so what a lost answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Twice does no harm.
    Asking,
    /// Twice is paid twice.
    Making,
}

/// Where Astria's documentation wants the back-off to start after a failure of its own.
const AFTER_A_FAILURE: Duration = Duration::from_secs(30);

impl AstriaError {
    /// Not done, as far as Astria says, and another try may do better.
    pub fn may_try_again(&self) -> bool {
        match self {
            Self::NotReached(_) | Self::Busy { .. } | Self::Unpaid => true,
            // What else than a look at the request may say is no word of Astria's.
            Self::Refused { status, .. } => !matches!(status, 0 | 400 | 413 | 415 | 422),
            Self::Unknown(_) | Self::Missing => false,
        }
    }

    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    pub(super) fn busy(reason: impl Into<String>) -> Self {
        Self::Busy {
            retry_after: None,
            reason: reason.into(),
        }
    }

    pub(super) fn lost(doing: Doing, reason: impl Into<String>) -> Self {
        match doing {
            Doing::Asking => Self::busy(reason),
            Doing::Making => Self::Unknown(reason.into()),
        }
    }

    pub(super) fn below_http(doing: Doing, error: reqwest::Error) -> Self {
        // An address that is none is our configuration's fault.
        if error.is_builder() || error.is_connect() {
            return Self::NotReached(describe(error));
        }
        Self::lost(doing, describe(error))
    }

    /// No success.
    pub(super) fn of(doing: Doing, answer: &ApiResponse) -> Self {
        let status = answer.status.as_u16();
        let message = explanation(&answer.body);
        let reason = message
            .iter()
            .fold(format!("HTTP {status}"), |status, message| {
                format!("{status}: {message}")
            });
        let retry_after = answer.retry_after;
        match status {
            402 => Self::Unpaid,
            404 | 410 => Self::Missing,
            // A key that is not good says nothing about what was asked for: it waits for an operator.
            401 | 403 | 408 | 425 | 429 => Self::Busy {
                retry_after,
                reason,
            },
            500 if doing == Doing::Asking => Self::Busy {
                retry_after: Some(retry_after.unwrap_or(AFTER_A_FAILURE)),
                reason,
            },
            501.. if doing == Doing::Asking => Self::Busy {
                retry_after,
                reason,
            },
            // After a 504, when Astria gave up after thirty seconds, it has usually been done; and that it has failed is no promise that it has done nothing.
            500.. => Self::Unknown(reason),
            // A redirect, too, is followed nowhere: something else than Astria has answered.
            _ => Self::Refused {
                status,
                message: message.unwrap_or_else(|| "no explanation".into()),
            },
        }
    }
}

const MOST_EXPLANATIONS: usize = 5;
const LONGEST_EXPLANATION: usize = 200;

/// Such as `{"images":["must contain at least one image"]}`, or `{"error":".."}`.
fn explanation(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let mut said = Vec::new();
    collect("", &body, &mut said);
    (!said.is_empty()).then(|| clip(&discreet(&said.join("; ")), LONGEST_EXPLANATION))
}

fn collect(field: &str, value: &Value, said: &mut Vec<String>) {
    if said.len() >= MOST_EXPLANATIONS {
        return;
    }
    match value {
        Value::String(text) if text.trim().is_empty() => {}
        Value::String(text) if matches!(field, "" | "error" | "errors" | "message") => {
            said.push(text.clone())
        }
        Value::String(text) => said.push(format!("{field}: {text}")),
        Value::Array(values) => values.iter().for_each(|value| collect(field, value, said)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| collect(&label(name), value, said)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Astria repeats what it was sent: addresses that open somebody's photos, and maybe keys and people.
pub(super) fn discreet(text: &str) -> String {
    let telling = |word: &&str| ["@", "://", "sd_"].iter().any(|sign| word.contains(sign));
    let text = strip_control_characters(text);
    let words = text
        .split_whitespace()
        .map(|word| if telling(&word) { "…" } else { word });
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
    use super::*;
    use confab_core::Kind;

    fn explained(body: &str) -> Option<String> {
        explanation(body.as_bytes())
    }

    #[test]
    fn field_errors_are_told_short() {
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
            assert_eq!(explained(body).as_deref(), Some(expected), "{body}");
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
            assert_eq!(explained(body), None, "{body}");
        }
        let many = Value::from(vec!["x".repeat(300); 1_000]).to_string();
        assert!(explained(&many).unwrap().chars().count() <= LONGEST_EXPLANATION);
        assert_eq!(
            explained(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))),
            None
        );
    }

    #[test]
    fn no_error_repeats_an_address_a_key_or_a_number() {
        let body = r#"{"image_urls":["https://bucket.example/dana.jpg?sig=1 is not reachable"],
            "title":["of dana@example.com +16505550100 has been taken"],"key":["sd_secret"]}"#;
        let message = explained(body).unwrap();
        assert!(
            message.contains("is not reachable") && message.contains("has been taken"),
            "{message}"
        );
        for private in ["bucket", "dana", "6505550100", "sd_secret"] {
            assert!(!message.contains(private), "{message}");
        }
        assert_eq!(
            discreet("see https:\u{1}//b.example and sd\0_secret"),
            "see … and …"
        );
    }

    #[test]
    fn what_may_be_tried_again_and_what_may_have_happened() {
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
