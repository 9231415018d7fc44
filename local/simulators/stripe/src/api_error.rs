//! The errors of Stripe's API, with its texts.

use axum::http::StatusCode;
use confab_simulator_base::Problem;
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    pub(crate) message: String,
    param: Option<String>,
    /// The error is stored under the idempotency key, because work had begun.
    pub(crate) is_kept: bool,
}

impl ApiError {
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        let kind = "invalid_request_error";
        Self {
            status: StatusCode::BAD_REQUEST,
            kind,
            code: None,
            message: message.into(),
            param: None,
            is_kept: false,
        }
    }

    pub(crate) fn key() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            ..Self::bad("Invalid API Key provided.")
        }
    }

    pub(crate) fn missing(what: &str, id: &str) -> Self {
        let message = format!("No such {what}: '{id}'");
        Self {
            status: StatusCode::NOT_FOUND,
            ..Self::bad(message).code("resource_missing").param("id")
        }
    }

    pub(crate) fn path(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: /v1/{path}).");
        Self {
            status: StatusCode::NOT_FOUND,
            ..Self::bad(message)
        }
    }

    pub(crate) fn idempotency(key: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '{key}' if you meant to execute a different request."
        );
        Self {
            kind: "idempotency_error",
            ..Self::bad(message)
        }
    }

    pub(crate) fn internal() -> Self {
        let kind = "api_error";
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind,
            ..Self::bad("An unknown error occurred.")
        }
    }

    /// Builds an injected error.
    pub(crate) fn staged(status: StatusCode) -> Self {
        let (kind, code) = match status.as_u16() {
            409 => ("idempotency_error", Some("idempotency_key_in_use")),
            429 => ("invalid_request_error", Some("rate_limit")),
            500.. => ("api_error", None),
            _ => ("invalid_request_error", None),
        };
        Self {
            status,
            kind,
            code,
            ..Self::bad("On purpose.")
        }
    }

    pub(crate) fn code(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    pub(crate) fn kept(self) -> Self {
        Self {
            is_kept: true,
            ..self
        }
    }

    /// Sets the name of the parameter, such as `line_items[0][quantity]`.
    pub(crate) fn param(self, param: impl Into<String>) -> Self {
        Self {
            param: Some(param.into()),
            ..self
        }
    }

    pub(crate) fn body(&self) -> Value {
        let mut error = json!({"type": self.kind, "message": self.message});
        if let Some(code) = self.code {
            error["code"] = code.into();
            error["doc_url"] = format!(
                "https://stripe.com/docs/error-codes/{}",
                code.replace('_', "-")
            )
            .into();
        }
        if let Some(param) = &self.param {
            error["param"] = param.as_str().into();
        }
        json!({"error": error})
    }

    /// Describes the error for the call record.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} {}",
            self.status.as_u16(),
            self.code.unwrap_or(self.kind)
        )
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(_: rusqlite::Error) -> Self {
        Self::internal()
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(_: serde_json::Error) -> Self {
        Self::internal()
    }
}

/// Converts errors of the API into errors of the control API.
impl From<ApiError> for Problem {
    fn from(refusal: ApiError) -> Self {
        match refusal.status {
            StatusCode::NOT_FOUND => Self::NotFound("payment"),
            StatusCode::INTERNAL_SERVER_ERROR => Self::Internal(anyhow::anyhow!(refusal.message)),
            _ => Self::Invalid(refusal.message),
        }
    }
}
