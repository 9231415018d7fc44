//! Errors of the control API.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use confab_emulator::sqs::SqsError;
use serde_json::json;

/// A status, a code and a message for people.
#[derive(Debug)]
pub(crate) struct Problem(
    pub(crate) StatusCode,
    pub(crate) &'static str,
    pub(crate) String,
);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        (
            status,
            Json(json!({ "error": { "code": code, "message": message } })),
        )
            .into_response()
    }
}

pub(crate) fn not_found(what: &str) -> Problem {
    Problem(
        StatusCode::NOT_FOUND,
        "not_found",
        format!("There is no {what}."),
    )
}

impl From<SqsError> for Problem {
    fn from(error: SqsError) -> Self {
        match error {
            SqsError::NoQueue => not_found("such queue"),
            other => Self(
                StatusCode::INTERNAL_SERVER_ERROR,
                "queue_failed",
                other.to_string(),
            ),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            format!("{error:#}"),
        )
    }
}
