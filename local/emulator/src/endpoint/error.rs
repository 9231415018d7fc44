//! Errors of the JSON protocols.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Builds an error response whose type is in a header and in the body.
pub(super) fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    let headers = [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amzn-errortype", kind),
    ];
    (
        status,
        headers,
        json!({ "__type": kind, "message": message }).to_string(),
    )
        .into_response()
}
