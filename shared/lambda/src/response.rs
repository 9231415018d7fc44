//! Responses of routes.

use confab_core::{CorrelationId, Error, Kind, Result};
use http::{HeaderValue, StatusCode, header};
use lambda_http::Body;
use serde::Serialize;

pub type Response = http::Response<Body>;

pub fn text(status: StatusCode, body: impl Into<String>) -> Response {
    with(status, "text/plain; charset=utf-8", body.into())
}

pub fn xml(status: StatusCode, body: impl Into<String>) -> Response {
    with(status, "text/xml; charset=utf-8", body.into())
}

pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response> {
    let body = serde_json::to_string(value).map_err(|e| Error::internal("render_failed", e))?;
    Ok(with(status, "application/json", body))
}

/// Answers with bytes, such as a compressed file.
pub fn bytes(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response {
    let mut response = with(status, content_type, String::new());
    *response.body_mut() = Body::Binary(body);
    response
}

pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}

fn with(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub(crate) fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Answers a method that a path does not have.
pub(crate) fn method_not_allowed(allowed: &[&str], correlation_id: CorrelationId) -> Response {
    let problem = Problem {
        title: "This address does not take the method.",
        status: StatusCode::METHOD_NOT_ALLOWED.as_u16(),
        code: "method_not_allowed",
        correlation_id,
        errors: None,
    };
    let mut response = problem.render();
    if let Ok(allowed) = HeaderValue::from_str(&allowed.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// `Retry-After` of a 503. Clients back off by themselves when they fail again.
const UNAVAILABLE_RETRY_SECONDS: u32 = 1;

/// A problem document (RFC 9457). It holds the message for the caller and never the cause.
#[derive(Serialize)]
struct Problem<'a> {
    title: &'a str,
    status: u16,
    code: &'a str,
    correlation_id: CorrelationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a serde_json::Value>,
}

impl Problem<'_> {
    fn render(&self) -> Response {
        let body = serde_json::to_string(self).unwrap_or_default();
        let status = StatusCode::from_u16(self.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        with(status, "application/problem+json", body)
    }
}

pub(crate) fn problem(error: &Error, correlation_id: CorrelationId) -> Response {
    let status = status(error.kind());
    let problem = Problem {
        title: error.message(),
        status: status.as_u16(),
        code: error.code(),
        correlation_id,
        errors: error.errors(),
    };
    let mut response = problem.render();
    let again_after = match error.kind() {
        Kind::RateLimited {
            retry_after_seconds,
        } => Some(retry_after_seconds),
        Kind::Unavailable => Some(UNAVAILABLE_RETRY_SECONDS),
        _ => None,
    };
    if let Some(seconds) = again_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::Timestamp;

    #[test]
    fn server_errors_do_not_disclose_their_cause() {
        let error = Error::internal("store_failed", std::io::Error::other("table StudioTable"));
        let response = problem(
            &error,
            CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]),
        );
        assert_eq!(response.status(), 500);
        let Body::Text(body) = response.body() else {
            panic!("no text")
        };
        assert!(!body.contains("StudioTable"), "{body}");
        assert!(body.contains("cor_"), "{body}");
    }

    #[test]
    fn rate_limited_callers_learn_when_to_retry() {
        let limited = Kind::RateLimited {
            retry_after_seconds: 7,
        };
        let error = Error::new(limited, "too_many", "Slow down.");
        let response = problem(
            &error,
            CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]),
        );
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "7");
    }
}
