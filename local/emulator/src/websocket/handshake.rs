//! The opening handshake: the authorizer and `$connect` run before the upgrade is answered.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use hyper::upgrade::OnUpgrade;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{
    authorizer::authorize,
    connection::{Connection, ConnectionInfo},
    events,
    gateway::WebSocketGateway,
    id::new_id,
    integration::{self, Reply, status},
    socket,
};
use crate::template::SocketApi;

const MAX_URL_BYTES: usize = 4_096;

pub(super) async fn answer(gateway: Arc<WebSocketGateway>, mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    // A task of its own, so that a client that leaves midway does not leave `$connect` without `$disconnect`.
    let opening = tokio::spawn(async move { open(gateway, &parts, upgrade).await });
    opening
        .await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn open(gateway: Arc<WebSocketGateway>, parts: &Parts, upgrade: OnUpgrade) -> Response {
    let Some(api) = gateway.connections.api_at(parts.uri.path()).cloned() else {
        return refusal(StatusCode::FORBIDDEN, &new_id());
    };
    let info = ConnectionInfo {
        api: api.clone(),
        id: new_id(),
        connected_at: gateway.clock.now(),
        user_agent: text(&parts.headers, header::USER_AGENT).map(str::to_owned),
        domain: text(&parts.headers, header::HOST)
            .unwrap_or_default()
            .to_owned(),
        authorizer: None,
    };
    let id = info.id.clone();
    match accept(&gateway, parts, info).await {
        Err(status) => {
            api.counts.count_refused();
            gateway.recorder.mark_changed();
            refusal(status, &id)
        }
        Ok((info, switched)) => {
            let (connection, receiver) = Connection::new(info);
            // Added before the response is sent, so that `$connect` may already have announced it.
            gateway.connections.add(connection.clone());
            gateway.recorder.mark_changed();
            tokio::spawn(socket::serve(gateway, connection, receiver, upgrade));
            switched
        }
    }
}

fn refusal(status: StatusCode, connection_id: &str) -> Response {
    let reason = status.canonical_reason().unwrap_or("Refused");
    let body = json!({ "message": reason, "connectionId": connection_id, "requestId": new_id() });
    (status, axum::Json(body)).into_response()
}

async fn accept(
    gateway: &WebSocketGateway,
    parts: &Parts,
    mut info: ConnectionInfo,
) -> Result<(ConnectionInfo, Response), StatusCode> {
    let (headers, query) = (&parts.headers, parts.uri.query().unwrap_or_default());
    let api = info.api.clone();
    let api = &api.spec;
    if parts.uri.to_string().len() > MAX_URL_BYTES {
        return Err(StatusCode::URI_TOO_LONG);
    }
    let key = key(parts)?;
    if let Some(authorizer) = &api.authorizer {
        info.authorizer = Some(authorize(gateway, api, authorizer, &info, headers, query).await?);
    }
    let answer = connect(gateway, api, &info, headers, query).await?;
    let mut switched = Response::new(Body::empty());
    *switched.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answered = switched.headers_mut();
    answered.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    answered.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accepted = HeaderValue::from_str(&derive_accept_key(key))
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    answered.insert(header::SEC_WEBSOCKET_ACCEPT, accepted);
    if let Some(protocol) = subprotocol(&answer) {
        answered.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    Ok((info, switched))
}

/// Returns the key of a WebSocket upgrade request.
fn key(parts: &Parts) -> Result<&[u8], StatusCode> {
    let has_token = |name: header::HeaderName, word: &str| {
        let values = parts
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let is_upgrade = parts.method == Method::GET
        && has_token(header::CONNECTION, "upgrade")
        && has_token(header::UPGRADE, "websocket");
    if !is_upgrade {
        return Err(StatusCode::UPGRADE_REQUIRED);
    }
    if !has_token(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(StatusCode::BAD_REQUEST);
    }
    parts
        .headers
        .get(header::SEC_WEBSOCKET_KEY)
        .map(HeaderValue::as_bytes)
        .ok_or(StatusCode::BAD_REQUEST)
}

/// Calls `$connect` and returns its response, or the status that refuses. Without such a route all clients connect.
async fn connect(
    gateway: &WebSocketGateway,
    api: &SocketApi,
    info: &ConnectionInfo,
    headers: &HeaderMap,
    query: &str,
) -> Result<Value, StatusCode> {
    let Some(route) = api.routes.get("$connect") else {
        return Ok(Value::Null);
    };
    let event = events::connect(gateway.clock.timestamp(), api, info, headers, query);
    match integration::invoke(
        &gateway.functions,
        &route.function_arn,
        &event,
        route.timeout,
    )
    .await
    {
        Reply::Answered(answer) => match status(&answer) {
            Some(200..=299) => Ok(answer),
            Some(refused) => Err(StatusCode::from_u16(refused).unwrap_or(StatusCode::BAD_GATEWAY)),
            None => Err(StatusCode::BAD_GATEWAY),
        },
        Reply::Failed(_) => Err(StatusCode::BAD_GATEWAY),
        Reply::Throttled => Err(StatusCode::INTERNAL_SERVER_ERROR),
        Reply::TimedOut => Err(StatusCode::GATEWAY_TIMEOUT),
    }
}

/// Returns the one response header of the function that reaches the client.
fn subprotocol(answer: &Value) -> Option<HeaderValue> {
    let headers = answer.get("headers").and_then(Value::as_object)?;
    let (_, value) = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"))?;
    HeaderValue::from_str(value.as_str()?).ok()
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
