//! Requests with any header and any bytes, and responses of any type: webhooks and HTML pages.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use confab_lambda::{Router, answer};
use confab_testkit::TestClock;
use http::HeaderMap;
use payments::State;
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(crate) struct WebRequest {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WebResponse {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) text: String,
}

impl WebRequest {
    fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn head(path: impl Into<String>) -> Self {
        Self::new("HEAD", path)
    }

    pub(crate) fn post(path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..Self::new("POST", path)
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Returns the event of API Gateway. A body is always in base64, as that of a binary type is.
    fn event(&self, key: &str) -> Value {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let headers: serde_json::Map<_, _> = self
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let http = json!({
            "method": self.method, "path": path, "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.7", "userAgent": "test",
        });
        json!({
            "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": query,
            "headers": headers, "body": BASE64.encode(&self.body), "isBase64Encoded": true,
            "requestContext": {
                "accountId": "000000000000", "apiId": "api", "domainName": "api.example",
                "domainPrefix": "api", "http": http, "requestId": "test", "routeKey": key,
                "stage": "$default", "time": "29/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1_795_953_600_000_i64,
            },
        })
    }
}

impl WebResponse {
    /// Returns a header; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Returns the heading of a page.
    pub(crate) fn heading(&self) -> &str {
        let rest = self.text.split_once("<h1>").map(|(_, rest)| rest);
        let heading = rest.and_then(|rest| rest.split_once("</h1>"));
        heading.map_or("", |(heading, _)| heading)
    }

    /// Returns the code of a problem document.
    pub(crate) fn code(&self) -> String {
        let problem: Value = serde_json::from_str(&self.text).unwrap_or_default();
        problem["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request through a function's routes, as API Gateway would.
pub(crate) async fn send_web(
    routes: &Router<State>,
    state: &Arc<State>,
    clock: &TestClock,
    request: &WebRequest,
) -> WebResponse {
    let path = request.path.split('?').next().unwrap_or_default();
    let key = routes.find(request.method, path).unwrap();
    let event = request.event(key).to_string();
    let call = lambda_http::request::from_str(&event).unwrap();
    let route = |state, call| routes.answer(call, state);
    let response = answer(state.clone(), call, clock, route).await;
    WebResponse {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: String::from_utf8_lossy(response.body().as_ref()).into_owned(),
    }
}
