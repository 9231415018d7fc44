//! What became of a question to the model. Asking twice costs twice, and does no other harm.

use std::time::Duration;

use confab_core::{Error, Kind, clip};
use serde::Deserialize;

use confab_provider_base::{
    http::describe,
    lenient::{Lenient, LenientString},
    parsed::strip_control_characters,
    send::{ApiResponse, redact_phone_numbers},
};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The request never left.
    #[error("not reached: {0}")]
    NotReached(String),
    /// Not now: too many requests, a key that is not good, a failure of the model's, or an answer that was lost.
    #[error("not now: {reason}")]
    Busy {
        retry_after: Option<Duration>,
        reason: String,
    },
    /// Our account is out of money. An operator ends it.
    #[error("our account has no money left")]
    Unpaid,
    /// The model said no, and will again. The status is 0 when it was not asked.
    #[error("refused with {status}: {message}")]
    Refused {
        status: u16,
        /// It is about what is in the picture or the text, and not about how we asked.
        of_content: bool,
        message: String,
    },
    /// It answered, and nothing can be done with it. The next answer may be better: ask once more, and not forever.
    #[error("unusable: {0}")]
    Unusable(&'static str),
}

impl ModelError {
    /// Another try may do better; after [`ModelError::Unusable`] a single one.
    pub fn may_try_again(&self) -> bool {
        match self {
            Self::NotReached(_) | Self::Busy { .. } | Self::Unpaid | Self::Unusable(_) => true,
            // What else than a look at the request may say, such as a gateway's, is no word of the model's.
            Self::Refused {
                status, of_content, ..
            } => !of_content && !matches!(status, 0 | 400 | 413 | 415 | 422),
        }
    }

    pub(super) fn busy(reason: impl Into<String>) -> Self {
        Self::Busy {
            retry_after: None,
            reason: reason.into(),
        }
    }

    /// It was not asked at all.
    pub(super) fn unfit(message: &str) -> Self {
        Self::Refused {
            status: 0,
            of_content: false,
            message: message.to_owned(),
        }
    }

    /// In no words of the model's: they would tell what is in somebody's picture.
    pub(super) fn declined() -> Self {
        Self::Refused {
            status: 200,
            of_content: true,
            message: "the model declined".to_owned(),
        }
    }

    pub(super) fn below_http(error: reqwest::Error) -> Self {
        // An address that is none is our configuration's fault.
        if error.is_builder() || error.is_connect() {
            return Self::NotReached(describe(error));
        }
        Self::busy(describe(error))
    }

    /// No success.
    pub(super) fn of(answer: &ApiResponse) -> Self {
        let status = answer.status.as_u16();
        let Explanation {
            code,
            kind,
            message,
        } = answer
            .json::<Wire>()
            .and_then(|wire| wire.error.0)
            .unwrap_or_default();
        let is = |word: &str| [&code, &kind].iter().any(|said| said.get() == Some(word));
        if status == 402 || is("insufficient_quota") {
            return Self::Unpaid;
        }
        let message = message
            .get()
            .map(discreet)
            .filter(|message| !message.is_empty());
        match status {
            // A key that is not good says nothing about what was asked: it waits for an operator.
            401 | 403 | 408 | 409 | 425 | 429 | 500.. => {
                let reason = message
                    .iter()
                    .fold(format!("HTTP {status}"), |all, message| {
                        format!("{all}: {message}")
                    });
                Self::Busy {
                    retry_after: answer.retry_after,
                    reason,
                }
            }
            _ => Self::Refused {
                status,
                of_content: is("content_policy_violation") || is("content_filter"),
                message: message.unwrap_or_else(|| "no explanation".to_owned()),
            },
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wire {
    error: Lenient<Explanation>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Explanation {
    code: LenientString,
    #[serde(rename = "type")]
    kind: LenientString,
    message: LenientString,
}

const LONGEST_EXPLANATION: usize = 200;
const LONGEST_WORD: usize = 48;

/// Providers repeat what they were sent: keys, addresses, and pictures as one long word.
fn discreet(text: &str) -> String {
    let text: String = text.chars().take(10 * LONGEST_EXPLANATION).collect();
    let is_telling = |word: &str| {
        word.len() > LONGEST_WORD
            || ["@", "://", "sk-", "data:", "org-"]
                .iter()
                .any(|sign| word.contains(sign))
    };
    let text = strip_control_characters(&text);
    let words = text
        .split_whitespace()
        .map(|word| if is_telling(word) { "…" } else { word });
    clip(
        &redact_phone_numbers(&words.collect::<Vec<_>>().join(" ")),
        LONGEST_EXPLANATION,
    )
}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::NotReached(_) => Self::unavailable("model_not_reached", error),
            ModelError::Busy { .. } => Self::unavailable("model_busy", error),
            ModelError::Unpaid => Self::unavailable("model_unpaid", error),
            ModelError::Unusable(_) => Self::unavailable("model_unusable", error),
            ModelError::Refused {
                of_content: true, ..
            } => Self::new(
                Kind::Unprocessable,
                "model_declined",
                "This cannot be used.",
            )
            .with_source(error),
            ModelError::Refused { .. } => Self::internal("model_refused", error),
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use serde_json::{Value, json};

    use super::*;

    fn answer(status: u16, body: impl Into<Vec<u8>>) -> ApiResponse {
        let status = StatusCode::from_u16(status).unwrap();
        ApiResponse {
            status,
            retry_after: Some(Duration::from_secs(7)),
            is_replayed: false,
            body: body.into(),
        }
    }

    fn told(status: u16, error: Value) -> ModelError {
        ModelError::of(&answer(status, json!({"error": error}).to_string()))
    }

    fn refused(status: u16, of_content: bool, message: &str) -> ModelError {
        ModelError::Refused {
            status,
            of_content,
            message: message.into(),
        }
    }

    #[test]
    fn a_no_is_told_apart_from_not_now() {
        let busy = |reason: &str| ModelError::Busy {
            retry_after: Some(Duration::from_secs(7)),
            reason: reason.into(),
        };
        for (status, error, expected) in [
            (
                400,
                json!({"message": "Unknown parameter: 'x'.", "code": "unknown_parameter"}),
                refused(400, false, "Unknown parameter: 'x'."),
            ),
            (422, json!("no"), refused(422, false, "no explanation")),
            (
                404,
                json!({"message": "no such model", "code": "model_not_found"}),
                refused(404, false, "no such model"),
            ),
            (
                400,
                json!({"message": "No.", "code": "content_policy_violation"}),
                refused(400, true, "No."),
            ),
            (
                400,
                json!({"message": "No.", "code": "content_filter", "param": "prompt"}),
                refused(400, true, "No."),
            ),
            (
                429,
                json!({"message": "Slow down.", "type": "requests", "code": "rate_limit_exceeded"}),
                busy("HTTP 429: Slow down."),
            ),
            (
                429,
                json!({"message": "You exceeded your quota", "code": "insufficient_quota"}),
                ModelError::Unpaid,
            ),
            (
                429,
                json!({"type": "insufficient_quota", "code": null}),
                ModelError::Unpaid,
            ),
            (402, json!(null), ModelError::Unpaid),
            (
                401,
                json!({"message": "Incorrect API key provided: sk-proj-s3cret."}),
                busy("HTTP 401: Incorrect API key provided: …"),
            ),
            (503, json!({"message": ["x"]}), busy("HTTP 503")),
        ] {
            assert_eq!(told(status, error.clone()), expected, "{status} {error}");
        }
        for body in ["", "<html>", "[]", "null", r#"{"error":7}"#] {
            assert_eq!(
                ModelError::of(&answer(400, body)),
                refused(400, false, "no explanation"),
                "{body}"
            );
            assert_eq!(
                ModelError::of(&answer(500, body)),
                busy("HTTP 500"),
                "{body}"
            );
        }
    }

    #[test]
    fn no_error_repeats_a_key_an_address_a_number_or_a_picture() {
        let picture = format!("data:image/jpeg;base64,{}", "QUJD".repeat(100_000));
        let words = format!(
            "{} of dana@example.com at https://b.example/1 sk-s3cret +16505550100",
            "QUJD".repeat(20)
        );
        for message in [
            words.clone(),
            format!("No {picture} {words}"),
            format!("{words} {}", "x ".repeat(1_000)),
        ] {
            let shown = told(400, json!({"message": message})).to_string();
            for private in ["QUJD", "dana", "b.example", "s3cret", "6505550100"] {
                assert!(!shown.contains(private), "{shown}");
            }
            assert!(shown.chars().count() < 300, "{shown}");
        }
    }

    #[test]
    fn what_may_be_tried_again() {
        for (error, again, kind) in [
            (ModelError::NotReached("x".into()), true, Kind::Unavailable),
            (ModelError::busy("x"), true, Kind::Unavailable),
            (ModelError::Unpaid, true, Kind::Unavailable),
            (ModelError::Unusable("x"), true, Kind::Unavailable),
            (ModelError::unfit("x"), false, Kind::Internal),
            (refused(400, false, "x"), false, Kind::Internal),
            (refused(422, false, "x"), false, Kind::Internal),
            (refused(400, true, "x"), false, Kind::Unprocessable),
            (refused(404, false, "x"), true, Kind::Internal),
            (refused(302, false, "x"), true, Kind::Internal),
            (ModelError::declined(), false, Kind::Unprocessable),
        ] {
            assert_eq!(error.may_try_again(), again, "{error}");
            assert_eq!(Error::from(error).kind(), kind);
        }
    }
}
