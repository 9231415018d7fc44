//! Functions behind a WebSocket API. They answer with a status only, and send frames through `@connections`.
//! On `$connect` any status other than 2xx refuses the connection.

use std::{collections::HashMap, future::Future, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use confab_core::{Clock, CorrelationId, Error, Result, Timestamp};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tracing::Instrument;

use crate::{OsEntropy, StartError, log, panics::caught, response, start};

/// A message, or the opening or closing, of one connection.
#[derive(Debug)]
pub struct SocketRequest {
    pub connection_id: String,
    /// `$connect`, `$disconnect`, `$default` or the route's own key.
    pub route: String,
    pub body: Vec<u8>,
    pub connected_at: Timestamp,
    pub correlation_id: CorrelationId,
    /// Present with `$connect` only; names are in lower case.
    headers: HashMap<String, String>,
    /// The context that the authorizer attached.
    authorizer: Map<String, Value>,
}

impl SocketRequest {
    /// Reads an event of the WebSocket API.
    pub fn from_event(event: Value, correlation_id: CorrelationId) -> Result<Self> {
        let event: Event =
            serde_json::from_value(event).map_err(|e| Error::internal("broken_event", e))?;
        let body = event.body.unwrap_or_default();
        let body = match event.is_base64_encoded {
            true => STANDARD.decode(body).map_err(|e| {
                Error::invalid("bad_base64", "The frame is not readable.").with_source(e)
            })?,
            false => body.into_bytes(),
        };
        let headers = event.headers.unwrap_or_default().into_iter();
        Ok(Self {
            connection_id: event.request_context.connection_id,
            route: event.request_context.route_key,
            body,
            connected_at: Timestamp::from_millisecond(event.request_context.connected_at)
                .unwrap_or(Timestamp::UNIX_EPOCH),
            correlation_id,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect(),
            authorizer: event.request_context.authorizer.unwrap_or_default(),
        })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Returns a text of the authorizer's context.
    pub fn authorized(&self, name: &str) -> Result<&str> {
        let missing = || Error::internal("broken_event", format!("a connection without {name}"));
        self.authorizer
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(missing)
    }
}

/// The fields that are read of API Gateway's event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: Context,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    connection_id: String,
    route_key: String,
    #[serde(default)]
    connected_at: i64,
    #[serde(default)]
    authorizer: Option<Map<String, Value>>,
}

/// Runs a route until the sandbox ends.
pub async fn run<D, Fut>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
    route: impl Fn(Arc<D>, SocketRequest) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let (clock, deps) = start(function, deps).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let (deps, route) = (deps.clone(), route.clone());
        async move {
            Ok::<_, StartError>(
                answer(
                    deps,
                    event.payload,
                    &event.context.request_id,
                    &clock,
                    route,
                )
                .await,
            )
        }
    }))
    .await
}

async fn answer<D, Fut>(
    deps: Arc<D>,
    event: Value,
    request_id: &str,
    clock: &impl Clock,
    route: impl Fn(Arc<D>, SocketRequest) -> Fut,
) -> Value
where
    Fut: Future<Output = Result<()>>,
{
    let correlation_id = CorrelationId::new(clock.now(), &OsEntropy);
    let work = async {
        let request = SocketRequest::from_event(event, correlation_id)?;
        route(deps, request).await
    };
    match caught(work).instrument(log::span(correlation_id)).await {
        Ok(()) => json!({ "statusCode": 200 }),
        Err(error) => {
            if error.is_server_error() {
                log::failure(&error, correlation_id, request_id);
            }
            json!({ "statusCode": response::status(error.kind()).as_u16() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::Timestamp;

    async fn status(event: Value, outcome: fn(&SocketRequest) -> Result<()>) -> Value {
        let route = |_, frame: SocketRequest| async move { outcome(&frame) };
        answer(Arc::new(()), event, "r", &|| Timestamp::UNIX_EPOCH, route).await["statusCode"]
            .clone()
    }

    fn message(body: &str) -> Value {
        json!({
            "requestContext": {
                "routeKey": "$default", "eventType": "MESSAGE", "connectionId": "abc=", "messageId": "m",
                "apiId": "a", "stage": "live", "requestId": "r", "messageDirection": "IN",
                "connectedAt": 1, "requestTimeEpoch": 2,
                "identity": { "sourceIp": "127.0.0.1" },
                "authorizer": { "principalId": "usr_1", "room": "k7m2p9q4xw", "integrationLatency": 3 },
            },
            "headers": { "Origin": "https://rooms.example" },
            "body": body, "isBase64Encoded": false,
        })
    }

    #[tokio::test]
    async fn requests_have_a_connection_a_route_and_a_body() {
        let check = |frame: &SocketRequest| {
            assert_eq!(
                (frame.connection_id.as_str(), frame.route.as_str()),
                ("abc=", "$default")
            );
            assert_eq!(frame.body, b"hello");
            assert_eq!(
                (frame.authorized("room").unwrap(), frame.header("origin")),
                ("k7m2p9q4xw", Some("https://rooms.example"))
            );
            assert!(frame.authorized("host").is_err());
            Ok(())
        };
        assert_eq!(status(message("hello"), check).await, 200);
    }

    #[tokio::test]
    async fn errors_and_panics_become_statuses() {
        assert_eq!(
            status(message("x"), |_| Err(Error::forbidden("no"))).await,
            403
        );
        assert_eq!(status(message("x"), |_| panic!("boom")).await, 500);
        let without_connection =
            json!({ "requestContext": { "connectedAt": 1, "requestTimeEpoch": 2 } });
        assert_eq!(status(without_connection, |_| Ok(())).await, 500);
    }
}
