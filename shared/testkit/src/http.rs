//! Requests of the HTTP API, as API Gateway hands them to a function.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use confab_core::Clock;
use confab_lambda::{CORRELATION_HEADER, Router};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::invocation;

/// A request to a function's routes.
#[derive(Debug, Clone)]
pub struct TestRequest {
    method: &'static str,
    path: String,
    headers: BTreeMap<String, String>,
    source_ip: String,
    body: Vec<u8>,
}

impl TestRequest {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: BTreeMap::from([("host".to_owned(), "api.example".to_owned())]),
            source_ip: "192.0.2.7".to_owned(),
            body: Vec::new(),
        }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub fn head(path: impl Into<String>) -> Self {
        Self::new("HEAD", path)
    }

    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new("POST", path).json(&body)
    }

    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new("PUT", path).json(&body)
    }

    pub fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new("PATCH", path).json(&body)
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path)
    }

    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    #[must_use]
    pub fn source_ip(mut self, address: &str) -> Self {
        address.clone_into(&mut self.source_ip);
        self
    }

    /// Sets a body of any bytes, such as a photo or the payload of a webhook.
    #[must_use]
    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .bytes(body.to_string())
    }

    /// Returns the body as API Gateway hands it on, and whether that is base64: all but JSON is.
    fn encoded_body(&self) -> (String, bool) {
        let kind = self.headers.get("content-type");
        let is_json = kind.is_some_and(|kind| kind.starts_with("application/json"));
        match str::from_utf8(&self.body) {
            Ok(text) if is_json => (text.to_owned(), false),
            _ => (BASE64.encode(&self.body), true),
        }
    }

    fn event(&self, key: &str) -> Value {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let (body, is_base64) = self.encoded_body();
        let http = json!({
            "method": self.method, "path": path, "protocol": "HTTP/1.1",
            "sourceIp": self.source_ip, "userAgent": "test",
        });
        json!({
            "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": query,
            "headers": self.headers, "body": body, "isBase64Encoded": is_base64,
            "requestContext": {
                "accountId": "000000000000", "apiId": "api", "domainName": "api.example",
                "domainPrefix": "api", "http": http, "requestId": "test", "routeKey": key,
                "stage": "$default", "time": "29/Nov/2026:12:00:00 +0000", "timeEpoch": 1_795_953_600_000_i64,
            },
        })
    }
}

/// A function's response.
#[derive(Debug, Clone, PartialEq)]
pub struct TestResponse {
    pub status: u16,
    headers: HeaderMap,
    pub text: String,
    /// The text as JSON; `null` when it is none.
    pub body: Value,
}

impl TestResponse {
    fn new(status: u16, headers: HeaderMap, body: &[u8]) -> Self {
        Self {
            status,
            headers,
            text: String::from_utf8_lossy(body).into_owned(),
            body: serde_json::from_slice(body).unwrap_or_default(),
        }
    }

    /// Returns a header; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Returns the response without the id of its request, to compare it with another response.
    #[must_use]
    pub fn without_correlation_id(&self) -> Self {
        let id = self.header(CORRELATION_HEADER);
        let text = if id.is_empty() {
            self.text.clone()
        } else {
            self.text.replace(id, "")
        };
        let mut headers = self.headers.clone();
        headers.remove(CORRELATION_HEADER);
        Self::new(self.status, headers, text.as_bytes())
    }

    /// Returns the code of a problem document; empty when it is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// Sends a request through a function's routes, as one invocation. A path without a route gets 404, as from API Gateway.
#[expect(clippy::unwrap_used, reason = "the event is written above")]
pub async fn send<S: Send + Sync + 'static>(
    routes: &Router<S>,
    state: &Arc<S>,
    clock: &impl Clock,
    request: &TestRequest,
) -> TestResponse {
    let path = request.path.split('?').next().unwrap_or_default();
    // A function with an event for all methods decides about preflight requests itself.
    let preflight = (request.method == "OPTIONS").then_some("ANY /{proxy+}");
    let Some(key) = routes.find(request.method, path).or(preflight) else {
        return TestResponse::new(404, HeaderMap::new(), br#"{"message":"Not Found"}"#);
    };
    let event = request.event(key).to_string();
    let request = lambda_http::request::from_str(&event).unwrap();
    let response = routes.respond(request, state.clone(), clock);
    let response = invocation(response).await;
    let (head, body) = response.into_parts();
    TestResponse::new(head.status.as_u16(), head.headers, body.as_ref())
}
