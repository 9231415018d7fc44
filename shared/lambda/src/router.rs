//! A function's routes, by API Gateway's `routeKey`.

use std::{pin::Pin, sync::Arc};

use confab_core::{Error, Result};

use crate::{ApiRequest, Response, extract::FromRequest};

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
pub struct Router<S>(Vec<(&'static str, Call<S>)>);

impl<S> std::fmt::Debug for Router<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys()).finish()
    }
}

impl<S> Default for Router<S> {
    fn default() -> Self {
        Self(Vec::new())
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
        self.0.push((key, Box::new(call)));
        self
    }

    /// Answers a request by the route of its key.
    pub async fn answer(&self, mut request: ApiRequest, state: Arc<S>) -> Result<Response> {
        let key = request.route_key();
        let found = self.0.iter().find(|(route, _)| *route == key);
        let (route, call) = found.ok_or_else(|| Error::not_found("route"))?;
        let parameters = parameters(route, request.path());
        request.path_parameters = parameters.ok_or_else(|| Error::not_found("route"))?;
        call(Arc::new(request), state).await
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
        self.0.iter().map(|(key, _)| *key)
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
        let event = serde_json::json!({
            "version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": "",
            "headers": {"host": "api.example"}, "body": body, "isBase64Encoded": false,
            "requestContext": {"routeKey": key, "stage": "$default", "http": {"method": method, "path": path}},
        });
        let request = from_str(&event.to_string()).unwrap();
        let correlation_id =
            confab_core::CorrelationId::new(confab_core::Timestamp::UNIX_EPOCH, &|| [0; 10]);
        let request = ApiRequest::new(request, correlation_id);
        let response = routes()
            .answer(request, Arc::new("state".to_owned()))
            .await?;
        Ok(String::from_utf8_lossy(response.body().as_ref()).into_owned())
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

    #[test]
    fn literal_segments_win_over_parameters() {
        assert_eq!(
            routes().find("POST", "/rooms/a1/messages/latest/"),
            Some("POST /rooms/{room}/messages/latest/")
        );
        assert_eq!(routes().find("PUT", "/rooms/a1/messages/latest/"), None);
    }
}
