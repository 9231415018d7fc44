//! Functions behind API Gateway's HTTP API.

use std::{convert::Infallible, future::Future, sync::Arc};

use confab_core::{Clock, CorrelationId, Error, Result};
use http::{HeaderValue, Method, StatusCode, header::Entry};
use lambda_http::{Body, Request, RequestExt, request::RequestContext};
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::{OsEntropy, Response, Router, StartError, log, panics::caught, response, start};

pub const CORRELATION_HEADER: &str = "x-correlation-id";

/// Maximum size of a JSON body. Larger data is uploaded to S3.
const MAX_JSON_BYTES: usize = 64 * 1024;

/// A request of the HTTP API, with the correlation id of all work that follows from it.
#[derive(Debug)]
pub struct ApiRequest {
    pub request: Request,
    pub correlation_id: CorrelationId,
    /// The values of the route key's parameters, in their order; the router fills them in.
    pub path_parameters: Vec<String>,
}

impl ApiRequest {
    pub fn new(request: Request, correlation_id: CorrelationId) -> Self {
        Self {
            request,
            correlation_id,
            path_parameters: Vec::new(),
        }
    }

    /// Returns the bytes as they were sent; only base64 is undone.
    pub fn body(&self) -> &[u8] {
        self.request.body().as_ref()
    }

    /// Parses a JSON body. Types refuse unknown fields with `deny_unknown_fields`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if self.body().len() > MAX_JSON_BYTES {
            return Err(Error::too_large("The body has at most 64 KB."));
        }
        serde_json::from_slice(self.body()).map_err(|error| {
            Error::invalid("bad_json", format!("The body cannot be read: {error}."))
        })
    }

    /// Parses the query string.
    pub fn query_as<T: DeserializeOwned>(&self) -> Result<T> {
        let bad =
            |error| Error::invalid("bad_query", format!("The query cannot be read: {error}."));
        serde_urlencoded::from_str(self.query()).map_err(bad)
    }

    /// Returns the key of the matched route, such as `GET /api/chats/{code}/`.
    pub fn route_key(&self) -> String {
        match self.request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                context.route_key.clone().unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    pub fn query_value(&self, name: &str) -> Option<String> {
        let query = form_urlencoded::parse(self.query().as_bytes());
        query
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// Returns the token of `Authorization: Bearer ..`. The scheme is case-insensitive (RFC 9110).
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Returns the client's address as API Gateway saw it.
    pub fn source_ip(&self) -> String {
        match self.request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                context.http.source_ip.clone().unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    pub fn query(&self) -> &str {
        self.request.uri().query().unwrap_or_default()
    }

    pub fn path(&self) -> &str {
        self.request.raw_http_path()
    }

    /// Logs an error and returns its status, for a route that shows errors on an HTML page of its own.
    pub fn error_status(&self, error: &Error) -> StatusCode {
        logged(error, self.correlation_id, &request_id(&self.request));
        response::status(error.kind())
    }

    /// Logs an error and renders its problem document, for a route that adds headers of its own.
    pub fn problem(&self, error: &Error) -> Response {
        logged(error, self.correlation_id, &request_id(&self.request));
        response::problem(error, self.correlation_id)
    }
}

fn request_id(request: &Request) -> String {
    request
        .lambda_context_ref()
        .map(|context| context.request_id.clone())
        .unwrap_or_default()
}

fn logged(error: &Error, correlation_id: CorrelationId, request_id: &str) {
    if error.is_server_error() {
        log::failure(error, correlation_id, request_id);
    }
}

/// Runs the routes of a function until the sandbox ends.
pub async fn serve<S: Send + Sync + 'static>(
    function: &'static str,
    state: impl Future<Output = Result<S, StartError>>,
    routes: Router<S>,
) -> Result<(), StartError> {
    let (clock, state) = start(function, state).await?;
    let routes = Arc::new(routes);
    let service = lambda_http::service_fn(move |request: Request| {
        let (routes, state) = (routes.clone(), state.clone());
        async move { Ok::<_, Infallible>(routes.respond(request, state, &clock).await) }
    });
    lambda_http::run(service).await
}

/// Answers one request. An error becomes a problem document.
pub(crate) async fn answer<D, Fut>(
    deps: Arc<D>,
    request: Request,
    clock: &impl Clock,
    route: impl FnOnce(Arc<D>, ApiRequest) -> Fut,
) -> Response
where
    Fut: Future<Output = Result<Response>>,
{
    let correlation_id = CorrelationId::new(clock.now(), &OsEntropy);
    let request_id = request_id(&request);
    let is_head = request.method() == Method::HEAD;
    let call = ApiRequest::new(request, correlation_id);
    let work = caught(async { route(deps, call).await }).instrument(log::span(correlation_id));
    let mut response = match work.await {
        Ok(response) => response,
        Err(error) => {
            logged(&error, correlation_id, &request_id);
            response::problem(&error, correlation_id)
        }
    };
    // A handler may have set the id of the work that it continues.
    if let (Ok(value), Entry::Vacant(header)) = (
        HeaderValue::from_str(&correlation_id.to_string()),
        response.headers_mut().entry(CORRELATION_HEADER),
    ) {
        header.insert(value);
    }
    if is_head {
        *response.body_mut() = Body::Empty;
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::{Error, Timestamp};

    async fn answer_of<Fut: Future<Output = Result<Response>>>(
        route: impl Fn(Arc<()>, ApiRequest) -> Fut,
    ) -> Response {
        let request = Request::new(Body::Empty);
        answer(Arc::new(()), request, &|| Timestamp::UNIX_EPOCH, route).await
    }

    #[tokio::test]
    async fn responses_carry_a_correlation_id() {
        let response =
            answer_of(|_, _| async { Ok(response::empty(http::StatusCode::NO_CONTENT)) }).await;
        assert_eq!(response.status(), 204);
        assert!(
            response.headers()[CORRELATION_HEADER]
                .to_str()
                .unwrap()
                .starts_with("cor_")
        );
    }

    #[tokio::test]
    async fn head_requests_get_headers_without_a_body() {
        let mut request = Request::new(Body::Empty);
        *request.method_mut() = Method::HEAD;
        let route = |_, _| async { Ok(response::text(StatusCode::OK, "healthy")) };
        let response = answer(Arc::new(()), request, &|| Timestamp::UNIX_EPOCH, route).await;
        assert_eq!(response.status(), 200);
        assert!(matches!(response.body(), Body::Empty));
        assert!(response.headers().contains_key("content-type"));
    }

    #[test]
    fn bearer_scheme_is_case_insensitive() {
        let bearer = |value: &str| {
            let request = Request::new(Body::Empty);
            let correlation_id = CorrelationId::new(Timestamp::UNIX_EPOCH, &|| [0; 10]);
            let mut call = ApiRequest::new(request, correlation_id);
            call.request
                .headers_mut()
                .insert("authorization", value.parse().unwrap());
            call.bearer().map(str::to_owned)
        };
        for value in ["Bearer key", "bearer key", "BEARER  key "] {
            assert_eq!(bearer(value).as_deref(), Some("key"), "{value}");
        }
        for value in ["Basic key", "Bearer", "key"] {
            assert_eq!(bearer(value), None, "{value}");
        }
    }

    #[tokio::test]
    async fn panics_are_answered_with_500() {
        let response = answer_of(|_, _| async { panic!("secret detail") }).await;
        assert_eq!(response.status(), 500);
        let Body::Text(body) = response.body() else {
            panic!("no text")
        };
        assert!(!body.contains("secret"), "{body}");
    }

    #[tokio::test]
    async fn error_pages_have_the_status_of_their_error() {
        let response = answer_of(|_, call| async move {
            let error = Error::unavailable("stripe_busy", "secret detail");
            Ok(response::text(call.error_status(&error), "One moment."))
        })
        .await;
        assert_eq!(response.status(), 503);
        let Body::Text(body) = response.body() else {
            panic!("no text")
        };
        assert_eq!(body, "One moment.");
    }

    #[tokio::test]
    async fn refusals_are_problem_documents() {
        let response = answer_of(|_, _| async { Err(Error::not_found("room")) }).await;
        assert_eq!(response.status(), 404);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }
}
