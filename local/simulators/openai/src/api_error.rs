//! The errors of OpenAI's API.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    kind: &'static str,
    message: String,
    param: Option<String>,
    code: Option<String>,
}

const INVALID: &str = "invalid_request_error";

impl ApiError {
    fn plain(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            kind,
            message: message.into(),
            param: None,
            code: None,
        }
    }

    fn bad(param: &str, code: Option<&str>, message: String) -> Self {
        let (param, code) = (Some(param.to_owned()), code.map(str::to_owned));
        Self {
            param,
            code,
            ..Self::plain(StatusCode::BAD_REQUEST, INVALID, message)
        }
    }

    pub(crate) fn no_json() -> Self {
        let message = "We could not parse the JSON body of your request.";
        Self::plain(StatusCode::BAD_REQUEST, INVALID, message)
    }

    pub(crate) fn unknown(param: &str) -> Self {
        Self::bad(
            param,
            Some("unknown_parameter"),
            format!("Unknown parameter: '{param}'."),
        )
    }

    pub(crate) fn missing(param: &str) -> Self {
        Self::bad(
            param,
            Some("missing_required_parameter"),
            format!("Missing required parameter: '{param}'."),
        )
    }

    pub(crate) fn kind_of(param: &str, expected: &str) -> Self {
        Self::bad(
            param,
            Some("invalid_type"),
            format!("Invalid type for '{param}': expected {expected}."),
        )
    }

    pub(crate) fn value(param: &str, expected: &str) -> Self {
        Self::bad(
            param,
            Some("invalid_value"),
            format!("Invalid value for '{param}': expected {expected}."),
        )
    }

    pub(crate) fn not_here(param: &str) -> Self {
        Self::bad(
            param,
            Some("unsupported_parameter"),
            format!("'{param}' is not played on a laptop."),
        )
    }

    pub(crate) fn schema(name: &str, what: &str) -> Self {
        let message = format!("Invalid schema for response_format '{name}': {what}");
        Self::bad("response_format", None, message)
    }

    pub(crate) fn picture(param: &str, code: &str, what: &str) -> Self {
        Self::bad(param, Some(code), what.to_owned())
    }

    pub(crate) fn model(name: &str) -> Self {
        let message = format!("The model `{name}` does not exist or you do not have access to it.");
        let code = Some("model_not_found".to_owned());
        Self {
            code,
            ..Self::plain(StatusCode::NOT_FOUND, INVALID, message)
        }
    }

    pub(crate) fn no_key() -> Self {
        let message = "You didn't provide an API key. You need to provide your API key in an Authorization header using \
Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
        Self::plain(StatusCode::UNAUTHORIZED, INVALID, message)
    }

    /// Repeats a part of the key, as OpenAI does.
    pub(crate) fn wrong_key(key: &str) -> Self {
        let begins: String = key.chars().take(3).collect();
        let code = Some("invalid_api_key".to_owned());
        let message = format!("Incorrect API key provided: {begins}***.");
        Self {
            code,
            ..Self::plain(StatusCode::UNAUTHORIZED, INVALID, message)
        }
    }

    pub(crate) fn no_such_path(method: &str, path: &str) -> Self {
        Self::plain(
            StatusCode::NOT_FOUND,
            INVALID,
            format!("Invalid URL ({method} /v1/{path})"),
        )
    }

    pub(crate) fn failed() -> Self {
        let message = "The server had an error while processing your request.";
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, "server_error", message)
    }

    /// Builds an injected error.
    pub(crate) fn staged(status: StatusCode, code: Option<String>) -> Self {
        let (kind, usual) = match status.as_u16() {
            429 => ("requests", Some("rate_limit_exceeded")),
            500.. => ("server_error", None),
            _ => (INVALID, None),
        };
        let kind = if code.as_deref() == Some("insufficient_quota") {
            "insufficient_quota"
        } else {
            kind
        };
        Self {
            code: code.or(usual.map(str::to_owned)),
            ..Self::plain(status, kind, "On purpose.")
        }
    }

    /// Describes the error for the call record, without values of the request.
    pub(crate) fn summary(&self) -> String {
        let said = [&self.code, &self.param].into_iter().flatten();
        said.fold(self.status.as_u16().to_string(), |all, word| {
            format!("{all} {word}")
        })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self {
            status,
            kind,
            message,
            param,
            code,
        } = self;
        let error =
            json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
        let mut response = (status, Json(error)).into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            response
                .headers_mut()
                .insert("retry-after", axum::http::HeaderValue::from_static("1"));
        }
        response
    }
}
