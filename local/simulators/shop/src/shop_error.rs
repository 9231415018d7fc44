//! Errors, as the pages show them.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

#[derive(Debug)]
pub(crate) struct ShopError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ShopError {
    pub(crate) fn not_found(what: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "not_found",
            message: format!("There is no such {what}."),
        }
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "bad_request",
            message: message.to_owned(),
        }
    }

    pub(crate) fn gateway(error: reqwest::Error) -> Self {
        Self {
            status: StatusCode::BAD_GATEWAY,
            code: "gateway_failed",
            message: format!("The gateway does not answer: {}", error.without_url()),
        }
    }
}

impl IntoResponse for ShopError {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "code": self.code, "message": self.message } });
        (self.status, Json(body)).into_response()
    }
}

impl From<anyhow::Error> for ShopError {
    fn from(error: anyhow::Error) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "failed",
            message: format!("{error:#}"),
        }
    }
}
