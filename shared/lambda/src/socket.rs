//! Functions behind API Gateway's WebSocket API. An answer is a status alone: what a client sees goes out through
//! `@connections`. On `$connect` a status other than 2xx refuses the connection.

use std::{future::Future, sync::Arc};

use aws_lambda_events::event::apigw::ApiGatewayWebsocketProxyRequest;
use base64::{Engine, engine::general_purpose::STANDARD};
use confab_kernel::{Clock, CorrelationId, Error, Result};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::{OsEntropy, StartError, log, panics::caught, reply, start};

/// One event of one connection.
#[derive(Debug)]
pub struct Frame {
    pub connection_id: String,
    /// `$connect`, `$disconnect`, `$default` or the route's own key.
    pub route: String,
    pub body: Vec<u8>,
    /// Query and headers come with `$connect` only.
    pub event: ApiGatewayWebsocketProxyRequest,
    pub correlation_id: CorrelationId,
}

/// Runs a route until the sandbox ends.
pub async fn run<D, Fut>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
    route: impl Fn(Arc<D>, Frame) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let (clock, deps) = start(function, deps).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<ApiGatewayWebsocketProxyRequest>| {
        let (deps, route) = (deps.clone(), route.clone());
        async move { Ok::<_, StartError>(answer(deps, event.payload, &event.context.request_id, &clock, route).await) }
    }))
    .await
}

async fn answer<D, Fut>(
    deps: Arc<D>,
    event: ApiGatewayWebsocketProxyRequest,
    request_id: &str,
    clock: &impl Clock,
    route: impl Fn(Arc<D>, Frame) -> Fut,
) -> Value
where
    Fut: Future<Output = Result<()>>,
{
    let correlation_id = CorrelationId::new(clock.now(), &OsEntropy);
    let work = async {
        let frame = frame(event, correlation_id)?;
        route(deps, frame).await
    };
    match caught(work).await {
        Ok(()) => json!({ "statusCode": 200 }),
        Err(error) => {
            if error.is_ours() {
                log::failure(&error, correlation_id, request_id);
            }
            json!({ "statusCode": reply::status(error.kind()).as_u16() })
        }
    }
}

fn frame(mut event: ApiGatewayWebsocketProxyRequest, correlation_id: CorrelationId) -> Result<Frame> {
    let missing = |what: &str| Error::internal("broken_event", format!("a socket event without {what}"));
    let body = event.body.take().unwrap_or_default();
    let body = match event.is_base64_encoded {
        true => {
            STANDARD.decode(body).map_err(|e| Error::invalid("bad_base64", "The frame is not readable.").because(e))?
        }
        false => body.into_bytes(),
    };
    let context = &event.request_context;
    Ok(Frame {
        connection_id: context.connection_id.clone().ok_or_else(|| missing("a connection"))?,
        route: context.route_key.clone().ok_or_else(|| missing("a route"))?,
        body,
        event,
        correlation_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_kernel::Timestamp;

    async fn status(event: Value, outcome: fn(&Frame) -> Result<()>) -> Value {
        let event = serde_json::from_value(event).unwrap();
        let route = |_, frame: Frame| async move { outcome(&frame) };
        answer(Arc::new(()), event, "r", &|| Timestamp::UNIX_EPOCH, route).await["statusCode"].clone()
    }

    fn message(body: &str) -> Value {
        json!({
            "requestContext": {
                "routeKey": "$default", "eventType": "MESSAGE", "connectionId": "abc=", "messageId": "m",
                "apiId": "a", "stage": "live", "requestId": "r", "messageDirection": "IN",
                "connectedAt": 1, "requestTimeEpoch": 2,
                "identity": { "sourceIp": "127.0.0.1" },
            },
            "body": body, "isBase64Encoded": false,
        })
    }

    #[tokio::test]
    async fn a_frame_has_its_connection_its_route_and_its_bytes() {
        let check = |frame: &Frame| {
            assert_eq!((frame.connection_id.as_str(), frame.route.as_str()), ("abc=", "$default"));
            assert_eq!(frame.body, b"hello");
            Ok(())
        };
        assert_eq!(status(message("hello"), check).await, 200);
    }

    #[tokio::test]
    async fn errors_and_panics_are_statuses() {
        assert_eq!(status(message("x"), |_| Err(Error::forbidden("no"))).await, 403);
        assert_eq!(status(message("x"), |_| panic!("boom")).await, 500);
        let nobody = json!({ "requestContext": { "connectedAt": 1, "requestTimeEpoch": 2 } });
        assert_eq!(status(nobody, |_| Ok(())).await, 500);
    }
}
