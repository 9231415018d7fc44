//! What became of a request to Stripe. With an idempotency key nothing is done twice, so "nobody knows" is "ask again".

use confab_core::Error;
use serde::Deserialize;

use confab_provider_base::{
    http::describe,
    lenient::{Lenient, LenientString},
    parsed::label,
    send::{ApiResponse, SendError, redact_phone_numbers},
};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeError {
    /// The request never left.
    #[error("not reached: {0}")]
    NotReached(String),
    /// Not now, or nobody knows: too many requests, the same one still going on, Stripe's own trouble, a lost answer, a key
    /// that is not good. Asking again with the same idempotency key is safe, and the way to find out.
    #[error("not now: {reason}")]
    Busy { reason: String, again: Again },
    /// Stripe said no, and will again. `code` is its own, or the type of its error, or the HTTP status.
    #[error("refused with {code}: {message}")]
    Refused { code: String, message: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    Later,
    /// The same request is going on: it ends within seconds.
    WhenTheOtherEnds,
    /// Stripe's own failure, which stands for its key for a day.
    UnderAnotherKey,
}

impl StripeError {
    /// There is no such object.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == "resource_missing")
    }

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
            message: discreet(message),
        }
    }

    /// No success.
    pub(super) fn of(answer: &ApiResponse) -> Self {
        let status = answer.status.as_u16();
        let reason = answer
            .json::<Refusal>()
            .and_then(|refusal| refusal.error.0)
            .unwrap_or_default();
        let code = reason
            .code
            .get()
            .or(reason.kind.get())
            .map(str::to_owned)
            .unwrap_or(status.to_string());
        let passing =
            matches!(status, 401 | 408 | 409 | 425 | 429) || !answer.status.is_client_error();
        // A redirect is followed nowhere: something else than Stripe has answered.
        match passing && !answer.status.is_redirection() {
            true => {
                let again = match status {
                    409 => Again::WhenTheOtherEnds,
                    500.. if answer.is_replayed => Again::UnderAnotherKey,
                    _ => Again::Later,
                };
                Self::Busy {
                    reason: format!("HTTP {status} {}", label(&code)),
                    again,
                }
            }
            false => Self::refused(&code, reason.message.get().unwrap_or("no explanation")),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Refusal {
    error: Lenient<Reason>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reason {
    #[serde(rename = "type")]
    kind: LenientString,
    code: LenientString,
    message: LenientString,
}

/// Stripe repeats what it was sent: addresses of people, and keys.
fn discreet(message: &str) -> String {
    let telling = |word: &&str| {
        word.contains('@')
            || ["sk_", "rk_", "whsec_"]
                .iter()
                .any(|key| word.contains(key))
    };
    let words = message
        .split_whitespace()
        .map(|word| if telling(&word) { "…" } else { word });
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
    fn no_error_repeats_an_address_or_a_key() {
        let message =
            "Invalid email dana@example.com for sk_test_abc and +16505550100, see (whsec_x).";
        let error = StripeError::refused("email_invalid", message);
        assert_eq!(
            error.to_string(),
            "refused with email_invalid: Invalid email … for … and +…, see …"
        );
    }
}
