//! Errors of the control APIs.

use axum::{
    Json,
    extract::rejection::JsonRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

#[derive(Debug)]
pub enum Problem {
    NotFound(&'static str),
    Invalid(String),
    Internal(anyhow::Error),
}

pub type Answer<T> = Result<T, Problem>;

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<JsonRejection> for Problem {
    fn from(error: JsonRejection) -> Self {
        Self::Invalid(error.body_text())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            Self::NotFound(what) => {
                let message = format!("There is no such {what}.");
                (StatusCode::NOT_FOUND, "not_found", message)
            }
            Self::Invalid(message) => (StatusCode::BAD_REQUEST, "invalid", message),
            // On a laptop the reader can act on the cause, so it is not hidden.
            Self::Internal(error) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                format!("{error:#}"),
            ),
        };
        (
            status,
            Json(json!({"error": {"code": code, "message": message}})),
        )
            .into_response()
    }
}
