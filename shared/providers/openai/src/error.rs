//! Errors of requests to the model. A retry costs again and has no other effect.

use std::time::Duration;

use confab_core::{Error, Kind, clip};
use confab_provider_base::{
    http::describe,
    lenient::{Lenient, LenientString},
    parsed::strip_control_characters,
    send::{ApiResponse, redact_phone_numbers},
};
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The request was never sent.
    #[error("model not reached: {0}")]
    NotReached(String),
    /// The response was lost. The request may have been carried out, and charged.
    #[error("response lost: {0}")]
    Lost(String),
    /// The response did not come within our own timeout. The request may be carried out, and charged.
    #[error("no response in time")]
    TimedOut,
    /// Temporary: rate limits, a bad key, or an outage of the model.
    #[error("temporarily unavailable: {reason}")]
    Busy {
        status: u16,
        retry_after: Option<Duration>,
        reason: String,
    },
    /// Our account has no credit left; an operator adds some.
    #[error("our account has no credit left")]
    Unpaid,
    /// The request was rejected for good. The status is 0 when no request was made.
    #[error("refused with {status}: {message}")]
    Refused {
        status: u16,
        /// The rejection concerns the content of the picture or text, not the request's form.
        of_content: bool,
        message: String,
    },
    /// The response is unusable. The next one may be better: retry once.
    #[error("unusable: {0}")]
    Unusable(&'static str),
}

impl ModelError {
    /// Tells whether a retry may succeed; after [`ModelError::Unusable`] only one.
    pub fn may_try_again(&self) -> bool {
        match self {
            Self::NotReached(_)
            | Self::Lost(_)
            | Self::TimedOut
            | Self::Busy { .. }
            | Self::Unpaid
            | Self::Unusable(_) => true,
            // Statuses that do not judge the request itself may come from a gateway.
            Self::Refused {
                status, of_content, ..
            } => !of_content && !matches!(status, 0 | 400 | 413 | 415 | 422),
        }
    }

    /// Tells whether the provider may have charged the request.
    pub fn may_be_charged(&self) -> bool {
        match self {
            Self::Lost(_) | Self::TimedOut | Self::Unusable(_) => true,
            // A gateway says these when it lost the response of a server that had the request.
            Self::Busy { status, .. } => matches!(status, 408 | 502 | 504 | 520 | 524),
            Self::NotReached(_) | Self::Unpaid | Self::Refused { .. } => false,
        }
    }

    /// Rejects input that no request was made for.
    pub(super) fn invalid_request(message: &str) -> Self {
        Self::Refused {
            status: 0,
            of_content: false,
            message: message.to_owned(),
        }
    }

    /// Builds the error of a refusal. The model's words are dropped: they describe a user's
    /// picture.
    pub(super) fn declined() -> Self {
        Self::Refused {
            status: 200,
            of_content: true,
            message: "the model declined".to_owned(),
        }
    }

    pub(super) fn from_transport(error: reqwest::Error) -> Self {
        // A malformed URL comes from our configuration.
        if error.is_builder() || error.is_connect() {
            return Self::NotReached(describe(error));
        }
        Self::Lost(describe(error))
    }

    /// Classifies a response that is no success.
    pub(super) fn from_response(response: &ApiResponse) -> Self {
        let status = response.status.as_u16();
        let ErrorDetails {
            code,
            kind,
            message,
        } = response
            .json::<ErrorBody>()
            .and_then(|body| body.error.0)
            .unwrap_or_default();
        let is_error = |name: &str| code.get() == Some(name) || kind.get() == Some(name);
        if status == 402 || is_error("insufficient_quota") {
            return Self::Unpaid;
        }
        let message = message
            .get()
            .map(redact)
            .filter(|message| !message.is_empty());
        match status {
            // A bad key does not judge the request: it waits for an operator.
            401 | 403 | 408 | 409 | 425 | 429 | 500.. => {
                let reason = match message {
                    Some(message) => format!("HTTP {status}: {message}"),
                    None => format!("HTTP {status}"),
                };
                Self::Busy {
                    status,
                    retry_after: response.retry_after,
                    reason,
                }
            }
            _ => Self::Refused {
                status,
                of_content: is_error("content_policy_violation") || is_error("content_filter"),
                message: message.unwrap_or_else(|| "no error details".to_owned()),
            },
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    error: Lenient<ErrorDetails>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorDetails {
    code: LenientString,
    #[serde(rename = "type")]
    kind: LenientString,
    message: LenientString,
}

const MAX_EXPLANATION_CHARS: usize = 200;
const MAX_WORD_BYTES: usize = 48;

/// Removes what providers quote from the request: keys, addresses, phone numbers, and pictures as
/// one long word.
fn redact(text: &str) -> String {
    let text: String = text.chars().take(10 * MAX_EXPLANATION_CHARS).collect();
    let is_private = |word: &str| {
        word.len() > MAX_WORD_BYTES
            || ["@", "://", "sk-", "data:", "org-"]
                .iter()
                .any(|sign| word.contains(sign))
    };
    let text = strip_control_characters(&text);
    let words = text
        .split_whitespace()
        .map(|word| if is_private(word) { "…" } else { word });
    clip(
        &redact_phone_numbers(&words.collect::<Vec<_>>().join(" ")),
        MAX_EXPLANATION_CHARS,
    )
}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::NotReached(_) => Self::unavailable("model_not_reached", error),
            ModelError::Lost(_) => Self::unavailable("model_lost", error),
            ModelError::TimedOut => Self::unavailable("model_timed_out", error),
            ModelError::Busy { .. } => Self::unavailable("model_busy", error),
            ModelError::Unpaid => Self::unavailable("model_unpaid", error),
            ModelError::Unusable(_) => Self::unavailable("model_unusable", error),
            ModelError::Refused {
                of_content: true, ..
            } => Self::new(
                Kind::Unprocessable,
                "model_declined",
                "This content cannot be used.",
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

    fn response_with(status: u16, body: impl Into<Vec<u8>>) -> ApiResponse {
        let status = StatusCode::from_u16(status).unwrap();
        ApiResponse {
            status,
            retry_after: Some(Duration::from_secs(7)),
            is_replayed: false,
            body: body.into(),
        }
    }

    fn error_of(status: u16, error: Value) -> ModelError {
        ModelError::from_response(&response_with(status, json!({"error": error}).to_string()))
    }

    fn refused(status: u16, of_content: bool, message: &str) -> ModelError {
        ModelError::Refused {
            status,
            of_content,
            message: message.into(),
        }
    }

    #[test]
    fn status_and_code_tell_refused_busy_and_unpaid_apart() {
        let busy = |status, reason: &str| ModelError::Busy {
            status,
            retry_after: Some(Duration::from_secs(7)),
            reason: reason.into(),
        };
        for (status, error, expected) in [
            (
                400,
                json!({"message": "Unknown parameter: 'x'.", "code": "unknown_parameter"}),
                refused(400, false, "Unknown parameter: 'x'."),
            ),
            (422, json!("no"), refused(422, false, "no error details")),
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
                busy(429, "HTTP 429: Slow down."),
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
                busy(401, "HTTP 401: Incorrect API key provided: …"),
            ),
            (503, json!({"message": ["x"]}), busy(503, "HTTP 503")),
        ] {
            assert_eq!(
                error_of(status, error.clone()),
                expected,
                "{status} {error}"
            );
        }
        for body in ["", "<html>", "[]", "null", r#"{"error":7}"#] {
            assert_eq!(
                ModelError::from_response(&response_with(400, body)),
                refused(400, false, "no error details"),
                "{body}"
            );
            assert_eq!(
                ModelError::from_response(&response_with(500, body)),
                busy(500, "HTTP 500"),
                "{body}"
            );
        }
    }

    #[test]
    fn error_contains_no_key_no_address_no_phone_number_and_no_picture() {
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
            let shown = error_of(400, json!({"message": message})).to_string();
            for private in ["QUJD", "dana", "b.example", "s3cret", "6505550100"] {
                assert!(!shown.contains(private), "{shown}");
            }
            assert!(shown.chars().count() < 300, "{shown}");
        }
    }

    #[test]
    fn requests_without_a_readable_response_may_be_charged() {
        for error in [
            ModelError::Lost("x".into()),
            ModelError::TimedOut,
            ModelError::Unusable("x"),
            error_of(408, json!(null)),
            error_of(502, json!(null)),
            error_of(504, json!(null)),
        ] {
            assert!(error.may_be_charged(), "{error}");
        }
        for error in [
            ModelError::NotReached("x".into()),
            ModelError::Unpaid,
            ModelError::invalid_request("x"),
            error_of(500, json!(null)),
            error_of(503, json!(null)),
            error_of(429, json!(null)),
            error_of(404, json!(null)),
        ] {
            assert!(!error.may_be_charged(), "{error}");
        }
    }

    #[test]
    fn error_kind_decides_whether_a_request_is_retried() {
        for (error, again, kind) in [
            (ModelError::NotReached("x".into()), true, Kind::Unavailable),
            (ModelError::Lost("x".into()), true, Kind::Unavailable),
            (ModelError::TimedOut, true, Kind::Unavailable),
            (error_of(503, json!(null)), true, Kind::Unavailable),
            (ModelError::Unpaid, true, Kind::Unavailable),
            (ModelError::Unusable("x"), true, Kind::Unavailable),
            (ModelError::invalid_request("x"), false, Kind::Internal),
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
