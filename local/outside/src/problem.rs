//! What our own APIs have in common: errors in the form of the control API, and settings that are changed in part.

use axum::{
    Json,
    extract::rejection::JsonRejection,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

#[derive(Debug)]
pub(crate) enum Problem {
    NotFound(&'static str),
    Invalid(String),
    Internal(anyhow::Error),
}

pub(crate) type Answer<T> = Result<T, Problem>;

/// Settings after a PUT: what it does not name stays as it is.
pub(crate) fn changed<T: Serialize + DeserializeOwned>(
    now: &T,
    changes: Map<String, Value>,
) -> Answer<T> {
    let invalid = |error: serde_json::Error| Problem::Invalid(error.to_string());
    let mut settings = serde_json::to_value(now).map_err(invalid)?;
    if let Some(settings) = settings.as_object_mut() {
        settings.extend(changes);
    }
    serde_json::from_value(settings).map_err(invalid)
}

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
            // On a laptop the person who reads this is the one who can repair it.
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
