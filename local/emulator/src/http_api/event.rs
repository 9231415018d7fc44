//! Events of payload format 2.0.

use axum::{body::Bytes, http::HeaderMap};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::routing::decoded;
use crate::account::Account;

/// Builds an event of payload format 2.0.
pub(super) fn event(
    account: &Account,
    now: Timestamp,
    parts: &axum::http::request::Parts,
    body: &Bytes,
    route_key: &str,
    path: &str,
    parameters: Map<String, Value>,
) -> Value {
    let query = parts.uri.query().unwrap_or_default();
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers(&parts.headers),
        "requestContext": {
            "accountId": account.id,
            "apiId": "local",
            "domainName": header("host"),
            "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": header("user-agent"),
            },
            "requestId": uuid::Uuid::new_v4().to_string(),
            "routeKey": route_key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    let cookies: Vec<_> = parts
        .headers
        .get_all("cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split("; "))
        .collect();
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = Value::Object(query_parameters(query));
    }
    if !parameters.is_empty() {
        event["pathParameters"] = Value::Object(parameters);
    }
    if !body.is_empty() {
        let as_text = is_text(header("content-type"))
            .then(|| std::str::from_utf8(body).ok())
            .flatten();
        event["isBase64Encoded"] = json!(as_text.is_none());
        event["body"] = json!(as_text.map_or_else(|| STANDARD.encode(body), str::to_owned));
    }
    event
}

fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut joined = Map::new();
    for name in headers.keys().filter(|name| *name != "cookie") {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        joined.insert(name.to_string(), json!(values.join(",")));
    }
    // API Gateway overwrites these.
    for (name, value) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ] {
        joined.insert(name.to_owned(), json!(value));
    }
    joined
}

fn query_parameters(query: &str) -> Map<String, Value> {
    let mut joined: Map<String, Value> = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(&value.replace('+', " "));
        let name = decoded(&name.replace('+', " "));
        let value = match joined.get(&name).and_then(Value::as_str) {
            Some(earlier) => format!("{earlier},{value}"),
            None => value,
        };
        joined.insert(name, json!(value));
    }
    joined
}

/// Whether API Gateway passes the body as text; other bodies are base64.
fn is_text(content_type: &str) -> bool {
    let kind = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(
            kind.as_str(),
            "application/json" | "application/javascript" | "application/xml"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_base64_and_json_is_text() {
        assert!(is_text("application/json; charset=utf-8"));
        assert!(!is_text("application/x-www-form-urlencoded"));
        assert!(!is_text(""));
    }

    #[test]
    fn repeated_query_parameters_are_joined() {
        let joined = query_parameters("a=1&b=x+y&a=2");
        assert_eq!(joined["a"], "1,2");
        assert_eq!(joined["b"], "x y");
    }
}
