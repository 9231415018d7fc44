//! A function's routes, by API Gateway's `routeKey`.

use std::{pin::Pin, sync::Arc};

use confab_core::{Clock, Error, Result};
use http::{HeaderValue, Method, StatusCode, header};
use lambda_http::Request;

use crate::{ApiRequest, Response, cors, extract::FromRequest, response};

type Answer = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;
type Call<S> = Box<dyn Fn(Arc<ApiRequest>, Arc<S>) -> Answer + Send + Sync>;

/// The routes of one function.
///
/// ```ignore
/// pub fn routes() -> Router<State> {
///     Router::new()
///         .route("GET /api/chats/{code}/messages/", list_messages)
///         .route("POST /api/chats/{code}/messages/", post_message)
/// }
/// ```
pub struct Router<S> {
    routes: Vec<(&'static str, Call<S>)>,
    page_origin: Option<PageOrigin<S>>,
}

/// Returns the origin whose pages may call a function's routes with their cookies.
type PageOrigin<S> = fn(&S) -> Option<&str>;

impl<S> std::fmt::Debug for Router<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

impl<S> Default for Router<S> {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            page_origin: None,
        }
    }
}

impl<S: Send + Sync + 'static> Router<S> {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a route under the key that its event has in the template: a method and a path with `{parameters}`.
    #[must_use]
    pub fn route<Args: 'static>(
        mut self,
        key: &'static str,
        handler: impl Handler<S, Args>,
    ) -> Self {
        let handler = Arc::new(handler);
        let call = move |request, state| -> Answer {
            let handler = handler.clone();
            Box::pin(async move { handler.call(request, state).await })
        };
        self.routes.push((key, Box::new(call)));
        self
    }

    /// Lets the pages of one origin call the routes with their cookies. For functions of an API without CORS rules of its
    /// own, which would replace those of the routes that any site may call.
    #[must_use]
    pub fn page_origin(mut self, origin: PageOrigin<S>) -> Self {
        self.page_origin = Some(origin);
        self
    }

    /// Returns the origin of a request if it is that of our pages.
    fn origin_of_page(&self, request: &ApiRequest, state: &S) -> Option<HeaderValue> {
        let allowed = self.page_origin?(state)?;
        let origin = request.header(header::ORIGIN.as_str())?;
        (origin == allowed).then(|| HeaderValue::from_str(origin).ok())?
    }

    /// Answers a request with a response, whatever happens. An error becomes a problem document.
    pub async fn respond(&self, request: Request, state: Arc<S>, clock: &impl Clock) -> Response {
        let mut origin = None;
        let mut response = crate::answer(state, request, clock, |state: Arc<S>, request| {
            origin = self.origin_of_page(&request, &state);
            let is_preflight = origin.is_some() && request.request.method() == Method::OPTIONS;
            async move {
                if is_preflight {
                    return Ok(response::empty(StatusCode::NO_CONTENT));
                }
                self.answer(request, state).await
            }
        })
        .await;
        if let Some(origin) = origin {
            cors::allow(response.headers_mut(), origin);
        }
        response
    }

    /// Answers a request by the route of its key. A function with an event for all methods and paths below its own, such
    /// as `ANY /chatbots/{proxy+}`, finds the route itself.
    pub async fn answer(&self, mut request: ApiRequest, state: Arc<S>) -> Result<Response> {
        let mut key = request.route_key();
        if key.starts_with("ANY ") {
            let (method, path) = (request.request.method().as_str(), request.path());
            match self.find(method, path) {
                Some(found) => key = found.to_owned(),
                None => return self.refuse_method(&request),
            }
        }
        let found = self.routes.iter().find(|(route, _)| *route == key);
        let (route, call) = found.ok_or_else(|| Error::not_found("route"))?;
        let parameters = parameters(route, request.path());
        request.path_parameters = parameters.ok_or_else(|| Error::not_found("route"))?;
        call(Arc::new(request), state).await
    }

    /// Tells which methods the path has, or that there is no such path.
    fn refuse_method(&self, request: &ApiRequest) -> Result<Response> {
        let fitting = self
            .keys()
            .filter(|key| parameters(key, request.path()).is_some());
        let mut methods: Vec<_> = fitting
            .filter_map(|key| key.split_once(' '))
            .map(|(method, _)| method)
            .collect();
        if methods.is_empty() {
            return Err(Error::not_found("route"));
        }
        methods.sort_unstable();
        methods.dedup();
        Ok(response::method_not_allowed(
            &methods,
            request.correlation_id,
        ))
    }

    /// Finds the route key and the parameters for a method and a path, as API Gateway does.
    pub fn find(&self, method: &str, path: &str) -> Option<&'static str> {
        let fits = |key: &&'static str| {
            key.split_once(' ').is_some_and(|(of, _)| of == method)
                && parameters(key, path).is_some()
        };
        // A literal segment wins over a parameter.
        self.keys()
            .filter(fits)
            .min_by_key(|key| key.matches('{').count())
    }
}

impl<S> Router<S> {
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.routes.iter().map(|(key, _)| *key)
    }
}

/// The values of a route key's parameters in a path, in their order. `None` when the path does not fit.
fn parameters(key: &str, path: &str) -> Option<Vec<String>> {
    let (_, pattern) = key.split_once(' ')?;
    let segments = |path: &str| -> Vec<String> {
        path.trim_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect()
    };
    let (pattern, path) = (segments(pattern), segments(path));
    if pattern.len() != path.len() {
        return None;
    }
    let mut values = Vec::new();
    for (expected, segment) in pattern.iter().zip(path) {
        if expected.starts_with('{') {
            values.push(segment);
        } else if *expected != segment {
            return None;
        }
    }
    Some(values)
}

/// An async function whose arguments are extractors.
pub trait Handler<S, Args>: Send + Sync + 'static {
    fn call(
        &self,
        request: Arc<ApiRequest>,
        state: Arc<S>,
    ) -> impl Future<Output = Result<Response>> + Send;
}

macro_rules! handler {
    ($($argument:ident),*) => {
        impl<S, F, Fut, $($argument),*> Handler<S, ($($argument,)*)> for F
        where
            S: Send + Sync + 'static,
            F: Fn($($argument),*) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = Result<Response>> + Send,
            $($argument: FromRequest<S> + Send,)*
        {
            #[expect(non_snake_case, reason = "each argument is named after its type parameter")]
            async fn call(&self, request: Arc<ApiRequest>, state: Arc<S>) -> Result<Response> {
                $(let $argument = $argument::from_request(&request, &state).await?;)*
                self($($argument),*).await
            }
        }
    };
}

handler!(A);
handler!(A, B);
handler!(A, B, C);
handler!(A, B, C, D);
handler!(A, B, C, D, E);
handler!(A, B, C, D, E, G);
handler!(A, B, C, D, E, G, H);

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use lambda_http::request::from_str;

    use super::*;
    use crate::{
        extract::{Json, PathPair},
        response,
    };

    fn routes() -> Router<String> {
        async fn read(PathPair(room, seq): PathPair<String, u64>) -> Result<Response> {
            Ok(response::text(StatusCode::OK, format!("{room} {seq}")))
        }
        async fn write(state: Arc<String>, Json(body): Json<Vec<u8>>) -> Result<Response> {
            Ok(response::text(StatusCode::OK, format!("{state} {body:?}")))
        }
        Router::new()
            .route("GET /rooms/{room}/messages/{seq}/", read)
            .route("POST /rooms/{room}/messages/latest/", write)
            .route("POST /rooms/{room}/messages/{seq}/", write)
    }

    async fn answer(method: &str, path: &str, body: &str) -> Result<String> {
        let key = routes().find(method, path).unwrap_or("GET /elsewhere");
        let response = respond(key, method, path, body).await?;
        Ok(String::from_utf8_lossy(response.body().as_ref()).into_owned())
    }

    async fn respond(key: &str, method: &str, path: &str, body: &str) -> Result<Response> {
        let event = serde_json::json!({
            "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": "",
            "headers": {"host": "api.example"}, "body": body, "isBase64Encoded": false,
            "requestContext": {"routeKey": key, "stage": "$default", "http": {"method": method, "path": path}},
        });
        let request = from_str(&event.to_string()).unwrap();
        let correlation_id =
            confab_core::CorrelationId::new(confab_core::Timestamp::UNIX_EPOCH, &|| [0; 10]);
        let request = ApiRequest::new(request, correlation_id);
        routes().answer(request, Arc::new("state".to_owned())).await
    }

    #[tokio::test]
    async fn path_parameters_are_parsed_in_the_order_of_the_key() {
        assert_eq!(
            answer("GET", "/rooms/a1/messages/7/", "").await.unwrap(),
            "a1 7"
        );
    }

    #[tokio::test]
    async fn unreadable_parameters_and_bodies_are_refused_before_the_route_begins() {
        let refused = answer("GET", "/rooms/a1/messages/seven/", "")
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), confab_core::Kind::NotFound);
        let refused = answer("POST", "/rooms/a1/messages/7/", "{")
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "bad_json");
    }

    #[tokio::test]
    async fn unknown_route_keys_are_not_found() {
        let refused = answer("GET", "/elsewhere", "").await.unwrap_err();
        assert_eq!(refused.kind(), confab_core::Kind::NotFound);
    }

    #[tokio::test]
    async fn event_of_all_methods_and_paths_leads_to_the_fitting_route() {
        let any = "ANY /rooms/{proxy+}";
        let found = respond(any, "GET", "/rooms/a1/messages/7/", "").await;
        assert_eq!(found.unwrap().body().as_ref(), b"a1 7");
        let wrong = respond(any, "PUT", "/rooms/a1/messages/7/", "")
            .await
            .unwrap();
        assert_eq!(
            (wrong.status().as_u16(), &wrong.headers()["allow"]),
            (405, &"GET, POST".parse().unwrap())
        );
        let unknown = respond(any, "GET", "/rooms/a1/files/", "").await;
        assert_eq!(unknown.unwrap_err().kind(), confab_core::Kind::NotFound);
    }

    #[tokio::test]
    async fn pages_of_the_named_origin_may_call_with_cookies_and_others_may_not() {
        let routes = routes().page_origin(|_| Some("https://desk.example"));
        let request = |method: &str, origin: &str| {
            let event = serde_json::json!({
                "version": "2.0", "routeKey": "ANY /rooms/{proxy+}", "rawPath": "/rooms/a1/messages/7/",
                "rawQueryString": "", "headers": {"host": "api.example", "origin": origin},
                "requestContext": {"routeKey": "ANY /rooms/{proxy+}", "stage": "$default",
                    "http": {"method": method, "path": "/rooms/a1/messages/7/"}},
            });
            from_str(&event.to_string()).unwrap()
        };
        let clock = || confab_core::Timestamp::UNIX_EPOCH;
        let state = Arc::new("state".to_owned());
        let own = request("OPTIONS", "https://desk.example");
        let preflight = routes.respond(own, state.clone(), &clock).await;
        assert_eq!(preflight.status(), 204);
        let headers = preflight.headers();
        assert_eq!(
            headers["access-control-allow-origin"],
            "https://desk.example"
        );
        assert_eq!(headers["access-control-allow-credentials"], "true");
        assert_eq!(headers["vary"], "origin");
        let own = request("PUT", "https://desk.example");
        let refused = routes.respond(own, state.clone(), &clock).await;
        assert_eq!(refused.status(), 405);
        assert!(
            refused
                .headers()
                .contains_key("access-control-allow-origin")
        );
        let other = request("GET", "https://evil.example");
        let response = routes.respond(other, state.clone(), &clock).await;
        assert_eq!(response.status(), 200);
        assert!(
            !response
                .headers()
                .contains_key("access-control-allow-origin")
        );
        let other = request("OPTIONS", "https://evil.example");
        assert_eq!(routes.respond(other, state, &clock).await.status(), 405);
    }

    #[test]
    fn literal_segments_win_over_parameters() {
        assert_eq!(
            routes().find("POST", "/rooms/a1/messages/latest/"),
            Some("POST /rooms/{room}/messages/latest/")
        );
        assert_eq!(routes().find("PUT", "/rooms/a1/messages/latest/"), None);
    }
}
