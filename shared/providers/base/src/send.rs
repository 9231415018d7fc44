//! What became of an attempt to send: the difference between "no", "not reached" and "nobody knows".

use std::time::Duration;

use confab_core::Error;
use reqwest::{Response, StatusCode, header::RETRY_AFTER};

use crate::http::{ReadError, describe, read_at_most};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The provider's id of our message; its statuses come under it.
    pub message_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The provider said no. `code` is its own, or the HTTP status when it gave none, or 0 when nobody was asked.
    #[error("refused with {code}: {title}")]
    NotSent {
        retry: bool,
        retry_after: Option<Duration>,
        code: i64,
        title: String,
    },
    /// The request never left: sending again is safe.
    #[error("not reached: {0}")]
    NotReached(String),
    /// It may have been sent. Look it up or flag it; sending again may send it twice.
    #[error("outcome unknown: {0}")]
    Unknown(String),
}

impl SendError {
    pub fn never(title: &str) -> Self {
        Self::refused(0, title, false, None)
    }

    pub fn refused(code: i64, title: &str, retry: bool, retry_after: Option<Duration>) -> Self {
        let title = without_numbers(title);
        Self::NotSent {
            retry,
            retry_after,
            code,
            title,
        }
    }

    /// Certainly not sent, and another try may do better.
    pub fn may_send_again(&self) -> bool {
        matches!(
            self,
            Self::NotReached(_) | Self::NotSent { retry: true, .. }
        )
    }
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        // An address that is none is our configuration's, not the message's.
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

/// The provider's answer, however it came out.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    /// It is the answer to an earlier request with the same idempotency key.
    pub is_replayed: bool,
    pub body: Vec<u8>,
}

const LONGEST_ANSWER: usize = 1024 * 1024;

impl Answer {
    pub async fn read(response: Response) -> Result<Self, SendError> {
        Self::read_up_to(LONGEST_ANSWER, response).await
    }

    pub async fn read_up_to(limit: usize, response: Response) -> Result<Self, SendError> {
        let status = response.status();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let is_replayed = response
            .headers()
            .get("idempotent-replayed")
            .is_some_and(|value| value == "true");
        let body = match read_at_most(response, limit).await {
            Ok(body) => body,
            // The status alone tells what became of the request.
            Err(_) if status.is_client_error() => Vec::new(),
            Err(ReadError::TooLarge) => {
                return Err(SendError::Unknown("the answer is too long".into()));
            }
            Err(ReadError::Lost(error)) => return Err(SendError::Unknown(describe(error))),
        };
        Ok(Self {
            status,
            retry_after,
            is_replayed,
            body,
        })
    }

    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// No success, and no error of the provider's own that says more.
    pub fn unexplained(&self) -> SendError {
        let status = self.status.as_u16();
        if self.status.is_server_error()
            || self.status.is_success()
            || self.status.is_informational()
        {
            return SendError::Unknown(format!("HTTP {status} without an explanation"));
        }
        let retry = matches!(status, 408 | 429);
        SendError::refused(status.into(), "no explanation", retry, self.retry_after)
    }
}

/// Providers put phone numbers into their error texts.
pub fn without_numbers(text: &str) -> String {
    let mut kept = String::new();
    let mut digits = String::new();
    for c in text.chars().take(300).chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let run = std::mem::take(&mut digits);
        kept.push_str(if run.len() > 6 { "…" } else { &run });
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
    fn an_error_text_tells_no_phone_number() {
        assert_eq!(
            without_numbers("The 'To' number whatsapp:+16505550100 is bad (21211)"),
            "The 'To' number whatsapp:+… is bad (21211)"
        );
    }

    #[test]
    fn only_what_was_certainly_not_sent_may_be_sent_again() {
        assert!(SendError::NotReached("refused".into()).may_send_again());
        assert!(SendError::refused(130_429, "slow down", true, None).may_send_again());
        assert!(!SendError::refused(131_047, "too late", false, None).may_send_again());
        assert!(!SendError::Unknown("timeout".into()).may_send_again());
    }
}
