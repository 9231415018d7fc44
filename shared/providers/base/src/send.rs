//! Outcome of a send: rejected, never sent, or unknown.

use std::time::Duration;

use confab_core::Error;
use reqwest::{Response, StatusCode};

use crate::http::{ReadError, describe, read_body_up_to, retry_after};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id of the sent message; delivery statuses refer to it.
    pub message_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The provider rejected the message. `code` is its own, else the HTTP status, or 0 when no
    /// request was made.
    #[error("refused with {code}: {title}")]
    NotSent {
        retry: bool,
        retry_after: Option<Duration>,
        code: i64,
        title: String,
    },
    /// The request was never sent: a retry is safe.
    #[error("provider not reached: {0}")]
    NotReached(String),
    /// The message may have been sent: a retry may send it twice.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

impl SendError {
    /// Builds a final error for a message that no request was made for.
    pub fn permanent(title: &str) -> Self {
        Self::refused(0, title, false, None)
    }

    /// Builds a rejection; phone numbers are removed from `title`.
    pub fn refused(code: i64, title: &str, retry: bool, retry_after: Option<Duration>) -> Self {
        let title = redact_phone_numbers(title);
        Self::NotSent {
            retry,
            retry_after,
            code,
            title,
        }
    }

    /// Tells whether the message was certainly not sent and a retry may succeed.
    pub fn may_send_again(&self) -> bool {
        matches!(
            self,
            Self::NotReached(_) | Self::NotSent { retry: true, .. }
        )
    }
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        // A malformed URL comes from our configuration, so the message itself can be retried.
        if error.is_builder() || error.is_connect() {
            return Self::NotReached(describe(error));
        }
        Self::Unknown(describe(error))
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        let code = match &error {
            SendError::NotSent { retry: false, .. } => {
                return Self::internal("provider_refused", error);
            }
            SendError::NotSent { .. } => "provider_busy",
            SendError::NotReached(_) => "provider_not_reached",
            SendError::Unknown(_) => "provider_outcome_unknown",
        };
        Self::unavailable(code, error)
    }
}

/// The status and body of a provider's HTTP response.
#[derive(Debug)]
pub struct ApiResponse {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    /// The provider replayed its response to an earlier request with the same idempotency key.
    pub is_replayed: bool,
    pub body: Vec<u8>,
}

const MAX_RESPONSE_BYTES: usize = 1024 * 1024;
const MAX_ERROR_TEXT_CHARS: usize = 300;
/// Error codes have up to six digits; phone numbers have more.
const MAX_KEPT_DIGITS: usize = 6;

impl ApiResponse {
    /// Reads a response of up to `MAX_RESPONSE_BYTES`.
    pub async fn read(response: Response) -> Result<Self, SendError> {
        Self::read_up_to(MAX_RESPONSE_BYTES, response).await
    }

    /// Reads a response whose body may have `limit` bytes.
    pub async fn read_up_to(limit: usize, response: Response) -> Result<Self, SendError> {
        let status = response.status();
        let retry_after = retry_after(&response);
        let is_replayed = response
            .headers()
            .get("idempotent-replayed")
            .is_some_and(|value| value == "true");
        let body = match read_body_up_to(response, limit).await {
            Ok(body) => body,
            // A client error is final even when its body cannot be read.
            Err(_) if status.is_client_error() => Vec::new(),
            Err(ReadError::TooLarge) => {
                return Err(SendError::Unknown("the response is too long".into()));
            }
            Err(ReadError::Transport(error)) => return Err(SendError::Unknown(describe(error))),
        };
        Ok(Self {
            status,
            retry_after,
            is_replayed,
            body,
        })
    }

    /// Parses the body; returns `None` when it is not valid JSON of this shape.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Classifies a response by its status alone, when the body has no error of the provider's.
    pub fn error_from_status(&self) -> SendError {
        let status = self.status.as_u16();
        if self.status.is_server_error()
            || self.status.is_success()
            || self.status.is_informational()
        {
            return SendError::Unknown(format!("HTTP {status} without an error body"));
        }
        let retry = matches!(status, 408 | 429);
        SendError::refused(status.into(), "no error details", retry, self.retry_after)
    }
}

/// Replaces runs of more than six digits: providers quote phone numbers in error texts.
pub fn redact_phone_numbers(text: &str) -> String {
    let mut kept = String::new();
    let mut digits = String::new();
    for c in text.chars().take(MAX_ERROR_TEXT_CHARS).chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let run = std::mem::take(&mut digits);
        kept.push_str(if run.len() > MAX_KEPT_DIGITS {
            "…"
        } else {
            &run
        });
        if c != '\0' {
            kept.push(c);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_text_contains_no_phone_number() {
        assert_eq!(
            redact_phone_numbers("The 'To' number whatsapp:+16505550100 is bad (21211)"),
            "The 'To' number whatsapp:+… is bad (21211)"
        );
    }

    #[test]
    fn send_is_retried_only_when_it_was_certainly_not_sent() {
        assert!(SendError::NotReached("refused".into()).may_send_again());
        assert!(SendError::refused(130_429, "slow down", true, None).may_send_again());
        assert!(!SendError::refused(131_047, "too late", false, None).may_send_again());
        assert!(!SendError::Unknown("timeout".into()).may_send_again());
    }
}
