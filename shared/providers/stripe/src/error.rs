//! Errors of requests to Stripe. Idempotency keys prevent double execution, so an unknown outcome
//! is simply retried.

use confab_core::Error;
use confab_provider_base::{
    http::describe,
    lenient::{Lenient, LenientString},
    parsed::label,
    send::{ApiResponse, SendError, redact_phone_numbers},
};
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    /// The request was never sent.
    #[error("Stripe not reached: {0}")]
    NotReached(String),
    /// Temporary, or of unknown outcome: rate limits, a concurrent request, an outage, a lost
    /// response, a bad key.
    /// A retry with the same idempotency key is safe and returns the outcome.
    #[error("temporarily unavailable: {reason}")]
    Busy { reason: String, again: Again },
    /// Stripe rejected the request for good. `code` is its own, or the type of its error, or the
    /// HTTP status.
    #[error("refused with {code}: {message}")]
    Refused { code: String, message: String },
}

/// How a request that failed may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    Later,
    /// The same request is still running; it ends within seconds.
    WhenTheOtherEnds,
    /// A server error that Stripe replays under the same key for a day.
    UnderAnotherKey,
}

impl StripeError {
    /// Tells whether the object does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "resource_missing")
    }

    /// Tells whether a retry may succeed.
    pub fn may_try_again(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }

    pub(super) fn busy(reason: impl Into<String>) -> Self {
        Self::Busy {
            reason: reason.into(),
            again: Again::Later,
        }
    }

    pub(super) fn refused(code: &str, message: &str) -> Self {
        Self::Refused {
            code: label(code),
            message: redact(message),
        }
    }

    /// Classifies a response that is no success.
    pub(super) fn from_response(response: &ApiResponse) -> Self {
        let status = response.status.as_u16();
        let error = response
            .json::<ErrorBody>()
            .and_then(|body| body.error.0)
            .unwrap_or_default();
        let code = error
            .code
            .get()
            .or(error.kind.get())
            .map(str::to_owned)
            .unwrap_or(status.to_string());
        let is_retryable =
            matches!(status, 401 | 408 | 409 | 425 | 429) || !response.status.is_client_error();
        // Redirects are not followed: something other than Stripe has answered.
        if !is_retryable || response.status.is_redirection() {
            return Self::refused(&code, error.message.get().unwrap_or("no error details"));
        }
        let again = match status {
            409 => Again::WhenTheOtherEnds,
            500.. if response.is_replayed => Again::UnderAnotherKey,
            _ => Again::Later,
        };
        Self::Busy {
            reason: format!("HTTP {status} {}", label(&code)),
            again,
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
    #[serde(rename = "type")]
    kind: LenientString,
    code: LenientString,
    message: LenientString,
}

/// Removes what Stripe quotes from the request: email addresses, keys and phone numbers.
fn redact(message: &str) -> String {
    let is_private = |word: &str| {
        ["@", "sk_", "rk_", "whsec_"]
            .iter()
            .any(|mark| word.contains(mark))
    };
    let words = message
        .split_whitespace()
        .map(|word| if is_private(word) { "…" } else { word });
    redact_phone_numbers(&words.collect::<Vec<_>>().join(" "))
}

impl From<reqwest::Error> for StripeError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_builder() {
            return Self::refused("not_asked", &describe(error));
        }
        if error.is_connect() {
            return Self::NotReached(describe(error));
        }
        Self::busy(describe(error))
    }
}

impl From<SendError> for StripeError {
    fn from(error: SendError) -> Self {
        Self::busy(error.to_string())
    }
}

impl From<StripeError> for Error {
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::NotReached(_) => Self::unavailable("stripe_not_reached", error),
            StripeError::Busy { .. } => Self::unavailable("stripe_busy", error),
            StripeError::Refused { .. } => Self::internal("stripe_refused", error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_message_contains_no_email_address_and_no_key() {
        let message =
            "Invalid email dana@example.com for sk_test_abc and +16505550100, see (whsec_x).";
        let error = StripeError::refused("email_invalid", message);
        assert_eq!(
            error.to_string(),
            "refused with email_invalid: Invalid email … for … and +…, see …"
        );
    }
}
