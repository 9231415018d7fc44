//! API Gateway's HTTP API: routes of the template, events of payload format 2.0, and its limits.

mod event;
mod response;
mod routing;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderName, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    account::Account,
    clock::Clock,
    cors,
    lambda::{Functions, Outcome},
    recorder::{EntryKind, Recorder},
    template::{Cors, DEFAULT_ROUTE, HttpApi},
};
pub use routing::match_path;

/// API Gateway takes requests of 10 MB, Lambda events of 6 MB.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The HTTP APIs of the template, on one address.
#[derive(Debug)]
pub(crate) struct HttpApis {
    pub(crate) apis: Vec<HttpApi>,
    pub(crate) account: Account,
    pub(crate) clock: Arc<Clock>,
    pub(crate) functions: Arc<Functions>,
    pub(crate) recorder: Arc<Recorder>,
}

impl HttpApis {
    pub(crate) fn router(self) -> Router {
        Router::new().fallback(answer).with_state(Arc::new(self))
    }

    /// Returns the CORS rules of the API that the route belongs to. Where no route matches, the only API counts.
    fn cors(&self, method: &str, path: &str) -> Option<&Cors> {
        let api = match routing::find(&self.functions, method, path) {
            Some((_, route, _)) => self.apis.iter().find(|api| api.id == route.api),
            None => self.apis.first().filter(|_| self.apis.len() == 1),
        };
        api?.cors.as_ref()
    }
}

/// Answers preflight requests, and adds CORS headers to each response, as API Gateway does.
async fn answer(State(apis): State<Arc<HttpApis>>, request: Request) -> Response {
    let origin = header_text(&request, header::ORIGIN);
    let preflight_method = header_text(&request, header::ACCESS_CONTROL_REQUEST_METHOD)
        .filter(|_| request.method() == Method::OPTIONS);
    let method = preflight_method
        .as_deref()
        .unwrap_or(request.method().as_str());
    let rule = apis.cors(method, request.uri().path());
    let is_preflight = preflight_method.is_some() && rule.is_some();
    let mut answer = if is_preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        invoke(&apis, request).await
    };
    if let (Some(rule), Some(origin)) = (rule, origin) {
        cors::add_headers(answer.headers_mut(), rule, &origin, is_preflight);
    }
    answer
}

fn header_text(request: &Request, name: HeaderName) -> Option<String> {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

async fn invoke(apis: &HttpApis, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let method = parts.method.as_str().to_owned();
    let path = parts.uri.path().to_owned();
    let started = std::time::Instant::now();
    let at = apis.clock.now();
    let Some((function, route, parameters)) = routing::find(&apis.functions, &method, &path) else {
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    let route_key = match (route.path.as_str(), routing::is_any(route)) {
        (DEFAULT_ROUTE, _) => DEFAULT_ROUTE.to_owned(),
        (path, true) => format!("ANY {path}"),
        (path, false) => format!("{method} {path}"),
    };
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    };
    let event = event::event(
        &apis.account,
        apis.clock.timestamp(),
        &parts,
        &body,
        &route_key,
        &path,
        parameters,
    );
    let payload = Bytes::from(event.to_string());
    if payload.len() > MAX_EVENT_BYTES {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    }
    let answer = match tokio::time::timeout(INTEGRATION_TIMEOUT, function.invoke(payload)).await {
        Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Ok(Outcome::Failed(failure)) if failure.is_throttle() => {
            message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
        }
        Ok(Outcome::Failed(_)) => {
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
        Ok(Outcome::Answered(answer)) => response::render(&answer)
            .unwrap_or_else(|| message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")),
    };
    let took = started.elapsed().as_secs_f64() * 1_000.0;
    let correlation = answer
        .headers()
        .get("x-correlation-id")
        .and_then(|id| id.to_str().ok());
    if let Some(id) = correlation {
        let status = answer.status();
        let entry = apis.recorder.entry(
            EntryKind::Http,
            &format!("{method} {path}"),
            id,
            format!("{} in {took:.1} ms", status.as_u16()),
        );
        entry
            .failed_if(status.is_server_error())
            .took(took)
            .at(at)
            .add();
    }
    answer
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}
