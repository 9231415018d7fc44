//! The errors of the Graph API, with its texts.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::ids;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: i64,
    pub(crate) title: &'static str,
    pub(crate) details: String,
}

impl ApiError {
    pub(crate) fn token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 190, "Cannot parse access token")
    }

    pub(crate) fn no_object(id: &str) -> Self {
        Self::parameter(format!(
            "Unsupported request. Object with ID '{id}' does not exist."
        ))
    }

    /// A parameter that is missing or unknown.
    pub(crate) fn parameter(details: impl Into<String>) -> Self {
        Self {
            details: details.into(),
            ..Self::new(StatusCode::BAD_REQUEST, 100, "Invalid parameter")
        }
    }

    /// A parameter with a value that Meta does not accept.
    pub(crate) fn value(details: impl Into<String>) -> Self {
        let title = "Parameter value is not valid";
        Self {
            details: details.into(),
            ..Self::new(StatusCode::BAD_REQUEST, 131_009, title)
        }
    }

    pub(crate) fn undeliverable() -> Self {
        Self::new(StatusCode::BAD_REQUEST, 131_026, "Message undeliverable")
    }

    pub(crate) fn window() -> Self {
        let details = "Message failed to send because more than 24 hours have passed since the customer last replied to this number.";
        let error = Self::new(StatusCode::BAD_REQUEST, 131_047, "Re-engagement message");
        Self {
            details: details.into(),
            ..error
        }
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            131_000,
            "Something went wrong",
        )
    }

    /// An injected error.
    pub(crate) fn staged(status: StatusCode, code: i64) -> Self {
        Self::new(status, code, title(code))
    }

    fn new(status: StatusCode, code: i64, title: &'static str) -> Self {
        Self {
            status,
            code,
            title,
            details: title.to_owned(),
        }
    }
}

pub(crate) fn title(code: i64) -> &'static str {
    match code {
        4 => "Application request limit reached",
        190 => "Access token has expired",
        80_007 => "Rate limit issues",
        130_429 => "Rate limit hit",
        130_472 => "User's number is part of an experiment",
        131_000 => "Something went wrong",
        131_016 => "Service unavailable",
        131_026 => "Message undeliverable",
        131_047 => "Re-engagement message",
        131_048 => "Spam rate limit hit",
        131_053 => "Media upload error",
        131_056 => "(Business Account, Consumer Account) pair rate limit hit",
        135_000 => "Generic user error",
        _ => "Unknown error",
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"error": {
            "message": format!("(#{}) {}", self.code, self.title),
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": ids::trace_id(),
        }});
        (self.status, Json(body)).into_response()
    }
}
