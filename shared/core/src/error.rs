//! The one error type that crosses layers: a kind, a stable code, a message for the caller and a cause for the log.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

pub type Result<T, E = Error> = std::result::Result<T, E>;

type Cause = Box<dyn StdError + Send + Sync>;

/// The class of an error. `confab-lambda` turns it into a status or a failed batch item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Invalid,
    Unauthenticated,
    /// The plan or a budget does not allow it.
    PaymentRequired,
    Forbidden,
    NotFound,
    Conflict,
    TooLarge,
    Unprocessable,
    RateLimited {
        retry_after_seconds: u32,
    },
    /// A dependency did not answer, or throttled us. A later attempt may succeed.
    Unavailable,
    /// A fault of our own. The caller learns no details.
    Internal,
}

/// `message` is for the caller, `cause` for the log alone.
pub struct Error {
    kind: Kind,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    cause: Option<Cause>,
    delay: Option<Duration>,
    errors: Option<Box<serde_json::Value>>,
}

impl Error {
    pub fn new(
        kind: Kind,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            cause: None,
            delay: None,
            errors: None,
        }
    }

    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    pub fn unauthenticated(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Unauthenticated, "unauthenticated", message)
    }

    pub fn payment_required(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::PaymentRequired, code, message)
    }

    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Forbidden, "forbidden", message)
    }

    /// `not_found("room")` has the code `room_not_found`.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            Kind::NotFound,
            format!("{what}_not_found"),
            format!("There is no such {what}."),
        )
    }

    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    pub fn too_large(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::TooLarge, "too_large", message)
    }

    pub fn unavailable(code: &'static str, cause: impl Into<Cause>) -> Self {
        Self::new(
            Kind::Unavailable,
            code,
            "This cannot be done right now. Try again in a moment.",
        )
        .with_source(cause)
    }

    pub fn internal(code: &'static str, cause: impl Into<Cause>) -> Self {
        Self::new(Kind::Internal, code, "Something went wrong on our side.").with_source(cause)
    }

    pub fn with_source(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Says that an attempt before this time is useless, because a provider said so.
    pub fn with_delay(mut self, delay: Option<Duration>) -> Self {
        self.delay = delay;
        self
    }

    /// Adds what is wrong with each field, for the caller.
    pub fn with_errors(mut self, errors: serde_json::Value) -> Self {
        self.errors = Some(Box::new(errors));
        self
    }

    /// Returns what is wrong with each field.
    pub fn errors(&self) -> Option<&serde_json::Value> {
        self.errors.as_deref()
    }

    /// Returns how long the next attempt waits.
    pub fn delay(&self) -> Option<Duration> {
        self.delay
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns the message for the caller.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the server failed, so that the log needs the cause.
    pub fn is_server_error(&self) -> bool {
        matches!(self.kind, Kind::Internal | Kind::Unavailable)
    }
}

/// Maps an unparsable number in a path to 404.
impl From<std::num::ParseIntError> for Error {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::not_found("number").with_source(error)
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// Renders the whole cause chain, for the log.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message.trim_end_matches('.'))?;
        let mut cause = self.cause.as_deref().map(|c| c as &dyn StdError);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {self}", self.kind)
    }
}

impl StdError for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_has_the_cause_chain_and_the_message_does_not() {
        let error = Error::internal("store_failed", std::io::Error::other("disk is gone"));
        assert_eq!(
            error.to_string(),
            "store_failed: Something went wrong on our side: disk is gone"
        );
        assert!(!error.message().contains("disk"));
    }

    #[test]
    fn not_found_codes_name_the_missing_thing() {
        assert_eq!(Error::not_found("room").code(), "room_not_found");
    }
}
