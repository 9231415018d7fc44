//! The errors of Astria's API.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use confab_simulator_base::Problem;
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// `None` stands for an HTML page of a proxy in front of Astria.
    body: Option<Value>,
}

/// Messages by field.
#[derive(Debug, Default)]
pub(crate) struct FieldErrors(BTreeMap<&'static str, Vec<String>>);

impl FieldErrors {
    pub(crate) fn add(&mut self, field: &'static str, what: impl Into<String>) {
        self.0.entry(field).or_default().push(what.into());
    }

    pub(crate) fn check(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                body: Some(json!(self.0)),
            })
        }
    }
}

impl ApiError {
    fn named(status: StatusCode) -> Self {
        let name = status.canonical_reason().unwrap_or_default();
        Self {
            status,
            body: Some(json!({"status": status.as_u16(), "error": name})),
        }
    }

    pub(crate) fn field(field: &'static str, what: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            body: Some(json!({field: [what.into()]})),
        }
    }

    pub(crate) fn bad() -> Self {
        Self::named(StatusCode::BAD_REQUEST)
    }

    pub(crate) fn key() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            body: Some(json!({"error": "Invalid API key."})),
        }
    }

    pub(crate) fn missing() -> Self {
        Self::named(StatusCode::NOT_FOUND)
    }

    pub(crate) fn internal() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            body: None,
        }
    }

    /// Builds an injected error.
    pub(crate) fn staged(status: StatusCode) -> Self {
        let body = match status.as_u16() {
            422 => Some(json!({"base": ["On purpose."]})),
            500.. => None,
            _ => Some(json!({"error": "On purpose."})),
        };
        Self { status, body }
    }

    /// Describes the error for the call record, without values of the request.
    pub(crate) fn summary(&self) -> String {
        let fields = self
            .body
            .as_ref()
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let lists = fields
            .filter(|(_, what)| what.is_array())
            .map(|(field, _)| format!(" {field}"));
        format!("{}{}", self.status.as_u16(), lists.collect::<String>())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self.body {
            Some(body) => (self.status, Json(body)).into_response(),
            None => {
                let name = self.status.canonical_reason().unwrap_or_default();
                (
                    self.status,
                    Html(format!("<html><body><h1>{name}</h1></body></html>")),
                )
                    .into_response()
            }
        }
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(_: rusqlite::Error) -> Self {
        Self::internal()
    }
}

/// Converts errors of the API into errors of the control API.
impl From<ApiError> for Problem {
    fn from(refusal: ApiError) -> Self {
        match refusal.status {
            StatusCode::NOT_FOUND => Self::NotFound("tune"),
            StatusCode::INTERNAL_SERVER_ERROR => {
                Self::Internal(anyhow::anyhow!("The store failed."))
            }
            _ => Self::Invalid(refusal.body.unwrap_or_default().to_string()),
        }
    }
}
