//! API Gateway's WebSocket API: connections, their limits and their counts. `socket` speaks the protocol, `handshake`
//! opens connections, `management` is `@connections`.

mod api;
mod attached;
mod authorizer;
mod connection;
mod connections;
mod counts;
mod events;
mod gateway;
mod handshake;
mod id;
mod integration;
mod management;
mod messages;
mod socket;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
};

pub use attached::AttachedConnection;
pub use gateway::WebSocketGateway;
pub(crate) use management::{answer as answer_management, is_call as is_management_call};

/// Returns the routes of the WebSocket listener. On AWS `wss://` and `https://` share a domain too.
pub(crate) fn router(gateway: Arc<WebSocketGateway>) -> Router {
    Router::new().fallback(answer).with_state(gateway)
}

async fn answer(State(gateway): State<Arc<WebSocketGateway>>, request: Request) -> Response {
    if management::is_call_to_apis(request.uri().path()) {
        management::answer(&gateway, request).await
    } else {
        handshake::answer(gateway, request).await
    }
}
