//! The errors of the Bot API, with its descriptions.

use axum::{
    Json,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: u16,
    pub(crate) description: String,
    pub(crate) parameters: Option<Value>,
}

impl ApiError {
    pub(crate) fn bad(what: impl std::fmt::Display) -> Self {
        Self::new(400, format!("Bad Request: {what}"))
    }

    pub(crate) fn unauthorized() -> Self {
        Self::of_status(401)
    }

    pub(crate) fn forbidden(what: &str) -> Self {
        Self::new(403, format!("Forbidden: {what}"))
    }

    pub(crate) fn no_method() -> Self {
        Self::new(404, "Not Found: method not found".into())
    }

    pub(crate) fn too_large() -> Self {
        Self::of_status(413)
    }

    pub(crate) fn too_many(seconds: i64) -> Self {
        Self {
            parameters: Some(json!({"retry_after": seconds})),
            ..Self::new(429, format!("Too Many Requests: retry after {seconds}"))
        }
    }

    pub(crate) fn migrated(chat: i64) -> Self {
        Self {
            parameters: Some(json!({"migrate_to_chat_id": chat})),
            ..Self::bad("group chat was upgraded to a supergroup chat")
        }
    }

    /// A refusal in the middle of an album: earlier messages are in the chat.
    pub(crate) fn half_album(number: usize, seconds: i64) -> Self {
        Self::bad(format!(
            "failed to send message #{number} with the error message \"{}\"",
            Self::too_many(seconds).description
        ))
    }

    pub(crate) fn internal() -> Self {
        Self::of_status(500)
    }

    /// Returns the error that a status has when nothing more is known.
    pub(crate) fn of_status(code: u16) -> Self {
        let reason = StatusCode::from_u16(code).ok();
        let reason = reason.and_then(|status| status.canonical_reason());
        Self::new(code, reason.unwrap_or("Error").to_owned())
    }

    fn new(code: u16, description: String) -> Self {
        Self {
            code,
            description,
            parameters: None,
        }
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(_: rusqlite::Error) -> Self {
        Self::internal()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body =
            json!({"ok": false, "error_code": self.code, "description": self.description});
        let retry_after = self.parameters.as_ref().and_then(|parameters| {
            let seconds = parameters["retry_after"].as_i64()?;
            Some([(RETRY_AFTER, seconds.to_string())])
        });
        if let Some(parameters) = self.parameters {
            body["parameters"] = parameters;
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match retry_after {
            Some(header) => (status, header, Json(body)).into_response(),
            None => (status, Json(body)).into_response(),
        }
    }
}
