//! Requests of the HTTP API, as API Gateway hands them to a function.

use std::sync::Arc;

use confab_core::Clock;
use confab_lambda::Router;
use serde_json::{Value, json};

/// A request to a function's routes.
#[derive(Debug, Clone)]
pub struct TestRequest {
    method: &'static str,
    path: String,
    token: Option<String>,
    source_ip: String,
    body: Value,
}

impl TestRequest {
    fn new(method: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self {
            method,
            path: path.into(),
            token: None,
            source_ip: "192.0.2.7".to_owned(),
            body,
        }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path, Value::Null)
    }

    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new("POST", path, body)
    }

    pub fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new("PATCH", path, body)
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path, Value::Null)
    }

    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    #[must_use]
    pub fn source_ip(mut self, address: &str) -> Self {
        address.clone_into(&mut self.source_ip);
        self
    }

    fn event(&self, key: &str) -> Value {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let mut headers = json!({ "content-type": "application/json", "host": "api.example" });
        if let Some(token) = &self.token {
            headers["authorization"] = json!(format!("Bearer {token}"));
        }
        let body = if self.body.is_null() {
            String::new()
        } else {
            self.body.to_string()
        };
        let http = json!({
            "method": self.method, "path": path, "protocol": "HTTP/1.1",
            "sourceIp": self.source_ip, "userAgent": "test",
        });
        json!({
            "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": query,
            "headers": headers, "body": body, "isBase64Encoded": false,
            "requestContext": {
                "accountId": "000000000000", "apiId": "api", "domainName": "api.example",
                "domainPrefix": "api", "http": http, "requestId": "test", "routeKey": key,
                "stage": "$default", "time": "29/Nov/2026:12:00:00 +0000", "timeEpoch": 1_795_953_600_000_i64,
            },
        })
    }
}

/// The status and the JSON body of a response; `null` when it has none.
#[derive(Debug, Clone, PartialEq)]
pub struct TestResponse {
    pub status: u16,
    pub body: Value,
}

/// Sends a request through a function's routes. A path without a route gets 404, as from API Gateway.
#[expect(clippy::unwrap_used, reason = "the event is written above")]
pub async fn send<S: Send + Sync + 'static>(
    routes: &Router<S>,
    state: &Arc<S>,
    clock: &impl Clock,
    request: &TestRequest,
) -> TestResponse {
    let path = request.path.split('?').next().unwrap_or_default();
    let Some(key) = routes.find(request.method, path) else {
        return TestResponse {
            status: 404,
            body: json!({ "message": "Not Found" }),
        };
    };
    let event = request.event(key).to_string();
    let request = lambda_http::request::from_str(&event).unwrap();
    let answer = |state, request| routes.answer(request, state);
    let response = confab_lambda::answer(state.clone(), request, clock, answer).await;
    let body = response.body().as_ref();
    TestResponse {
        status: response.status().as_u16(),
        body: serde_json::from_slice(body).unwrap_or_default(),
    }
}
