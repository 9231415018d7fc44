//! HTTP responses of functions.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// Builds the HTTP response of a function's payload. One without `statusCode` is the body, as API Gateway infers.
pub(super) fn render(answer: &[u8]) -> Option<Response> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let Some(status) = answer.get("statusCode") else {
        return Some(axum::Json(answer).into_response());
    };
    let status = StatusCode::from_u16(u16::try_from(status.as_u64()?).ok()?).ok()?;
    let text = answer
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is_base64 = answer
        .get("isBase64Encoded")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let body = if is_base64 {
        STANDARD.decode(text).ok()?
    } else {
        text.as_bytes().to_vec()
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let single = answer
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let single = single.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let cookies = answer
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let cookies = cookies.filter_map(|cookie| Some(("set-cookie", cookie.as_str()?)));
    for (name, value) in single.chain(cookies) {
        let name = HeaderName::try_from(name).ok()?;
        response
            .headers_mut()
            .append(name, HeaderValue::from_str(value).ok()?);
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_without_a_status_is_the_body() {
        let response = render(br#"{"hello":"world"}"#).unwrap();
        assert_eq!(response.status(), 200);
        assert!(render(b"not json").is_none());
        let response = render(
            br#"{"statusCode":201,"cookies":["a=1","b=2"],"body":"aGk=","isBase64Encoded":true}"#,
        )
        .unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    }
}
