//! Errors of calls, by what a caller does next.

use std::time::Duration;

use confab_core::Error;
use confab_provider_base::{
    lenient::{Lenient, LenientString},
    parsed::line,
    send::{ApiResponse, redact_phone_numbers},
};
use serde::Deserialize;

use crate::Method;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TelegramError {
    /// Not done. Calls for this chat wait for [`Self::retry_delay`].
    #[error("rate limited for {} s", .retry_after.as_secs())]
    RateLimited { retry_after: Duration },
    /// A new message may be in the chat, and an album in part. Telegram cannot be asked, so only
    /// the person decides whether it is sent again.
    #[error("outcome unknown: {0}")]
    Unknown(String),
    /// The bot cannot write to this chat: it was blocked, removed or restricted, or the account is
    /// gone.
    #[error("chat unreachable: {code} {description}")]
    Unreachable { code: i64, description: String },
    /// The group became a supergroup. The call was not done and is repeated with the new id.
    #[error("the group has a new id")]
    Migrated { to: i64 },
    /// The file id is unknown or of another kind. The call is repeated once with the bytes.
    #[error("file id refused: {0}")]
    WrongFileId(String),
    /// The message that was to be edited is no longer there.
    #[error("message gone: {0}")]
    MessageGone(String),
    /// The file is larger than a bot may download.
    #[error("the file is too large to download")]
    FileTooLarge,
    /// Refused for good, which is a defect of ours. The code is 0 when no request was made.
    #[error("refused with {code}: {description}")]
    Refused { code: i64, description: String },
    /// Our token is not valid, whatever the call: an operator replaces it while messages wait.
    #[error("token refused: {code} {description}")]
    Token { code: i64, description: String },
    /// Not done, or repeatable; a later attempt may succeed.
    #[error("temporarily unavailable: {0}")]
    Unavailable(String),
}

/// When neither the body nor the header says how long.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);
/// Longer visibility timeouts of a queue are not useful: the next attempt learns the rest.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(900);

const UNREACHABLE: [&str; 6] = [
    "chat not found",
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_restricted",
    "_forbidden",
];
const WRONG_FILE_ID: [&str; 6] = [
    "wrong remote file identifier",
    "wrong file identifier",
    "wrong file_id",
    "invalid file_id",
    "can't use file of type",
    "file_reference_",
];
const MESSAGE_GONE: [&str; 2] = ["message to edit not found", "message_id_invalid"];
/// Other items of the album may have been sent, whatever is wrong with this one.
const PARTIAL_ALBUM: &str = "failed to send message #";
/// Errors of messages that may have been sent: the server restarted meanwhile, or the message was
/// deleted at once.
const SENT_ANYWAY: [&str; 2] = ["restart", "sent message was immediately deleted"];
const NOT_MODIFIED: &str = "message is not modified";
const QUERY_TOO_OLD: &str = "query is too old";

/// Telegram's body of an error.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Failure {
    ok: Lenient<bool>,
    error_code: Lenient<i64>,
    description: LenientString,
    parameters: Lenient<Parameters>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Parameters {
    retry_after: Lenient<u64>,
    migrate_to_chat_id: Lenient<i64>,
}

impl TelegramError {
    /// Tells whether a new message may have been sent.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Returns how long calls for the chat wait after a rate limit, which is a second more than
    /// Telegram says.
    pub fn retry_delay(&self) -> Option<Duration> {
        let Self::RateLimited { retry_after } = self else {
            return None;
        };
        let delay = retry_after.saturating_add(Duration::from_secs(1));
        Some(delay.min(MAX_RETRY_DELAY))
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Refused {
            code: 0,
            description: reason.into(),
        }
    }

    pub(crate) fn is_not_modified(&self) -> bool {
        self.says(NOT_MODIFIED)
    }

    pub(crate) fn is_query_too_old(&self) -> bool {
        self.says(QUERY_TOO_OLD)
    }

    fn says(&self, phrase: &str) -> bool {
        matches!(self, Self::Refused { description, .. } if description.contains(phrase))
    }

    /// Judges a call whose body was sent and whose answer is lost or unreadable.
    pub(crate) fn answer_lost(method: Method, reason: impl Into<String>) -> Self {
        if method.is_repeatable() {
            Self::Unavailable(reason.into())
        } else {
            Self::Unknown(reason.into())
        }
    }

    /// Judges an answer that is no success. `redact` removes the token from a text.
    pub(crate) fn from_response(
        method: Method,
        response: &ApiResponse,
        redact: impl Fn(&str) -> String,
    ) -> Self {
        // Without both fields it is the body of something before Telegram's server.
        let failure = response.json::<Failure>();
        let failure = failure.filter(|failure| failure.ok.0 == Some(false));
        let Some(failure) = failure else {
            return Self::from_status(method, response);
        };
        let Some(description) = failure.description.get() else {
            return Self::from_status(method, response);
        };
        let parameters = failure.parameters.0.as_ref();
        if let Some(to) = parameters.and_then(|parameters| parameters.migrate_to_chat_id.0) {
            return Self::Migrated { to };
        }
        let code = failure.error_code.0;
        let code = code.unwrap_or_else(|| response.status.as_u16().into());
        let description = redact_phone_numbers(&line(&redact(description)));
        match code {
            200..=299 => Self::answer_lost(method, description),
            401 | 404 => Self::Token { code, description },
            403 => Self::Unreachable { code, description },
            429 => {
                let seconds = parameters.and_then(|parameters| parameters.retry_after.0);
                Self::rate_limited(seconds.map(Duration::from_secs).or(response.retry_after))
            }
            500.. => Self::from_server_error(method, description),
            _ => Self::from_bad_request(code, description),
        }
    }

    fn from_bad_request(code: i64, description: String) -> Self {
        let lowercase = description.to_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| lowercase.contains(phrase));
        if says(&[PARTIAL_ALBUM]) {
            Self::Unknown(description)
        } else if says(&UNREACHABLE) {
            Self::Unreachable { code, description }
        } else if says(&WRONG_FILE_ID) {
            Self::WrongFileId(description)
        } else if says(&MESSAGE_GONE) {
            Self::MessageGone(description)
        } else if says(&["file is too big"]) {
            Self::FileTooLarge
        } else {
            Self::Refused { code, description }
        }
    }

    fn from_server_error(method: Method, description: String) -> Self {
        if SENT_ANYWAY
            .iter()
            .any(|phrase| description.contains(phrase))
        {
            return Self::answer_lost(method, description);
        }
        Self::Unavailable(description)
    }

    /// Judges an answer that does not come from Telegram's server, but from something before it.
    fn from_status(method: Method, response: &ApiResponse) -> Self {
        let code = i64::from(response.status.as_u16());
        let description = format!("HTTP {code} without an error of Telegram's");
        match code {
            401 | 404 => Self::Token { code, description },
            413 => Self::Refused { code, description },
            429 => Self::rate_limited(response.retry_after),
            // A gateway answers 502 and 504 for a request that it has passed on.
            200..=299 | 502 | 504 => Self::answer_lost(method, description),
            _ => Self::Unavailable(description),
        }
    }

    fn rate_limited(retry_after: Option<Duration>) -> Self {
        let retry_after = retry_after.unwrap_or(DEFAULT_RETRY_AFTER);
        Self::RateLimited { retry_after }
    }
}

impl From<TelegramError> for Error {
    fn from(error: TelegramError) -> Self {
        let code = match &error {
            TelegramError::RateLimited { .. } => {
                let delay = error.retry_delay();
                return Self::unavailable("telegram_busy", error).with_delay(delay);
            }
            TelegramError::Unavailable(_) => "telegram_unavailable",
            TelegramError::Token { .. } => "telegram_token_refused",
            TelegramError::Unknown(_) => "telegram_outcome_unknown",
            _ => return Self::internal("telegram_refused", error),
        };
        Self::unavailable(code, error)
    }
}
