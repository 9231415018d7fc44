//! How a connection is opened: the authorizer and `$connect` are asked before the upgrade is answered.

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
    authorizer::authorized,
    connection::{About, Connection, live},
    events,
    integration::{Reply, ask, status},
    new_id,
};
use crate::{cloud::Cloud, template::SocketApi};

const LONGEST_URL: usize = 4_096;

pub(super) async fn answer(cloud: Arc<Cloud>, mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    // A client that leaves in the middle does not end this: what `$connect` was told, `$disconnect` is told too.
    let opening = tokio::spawn(async move { open(cloud, &parts, upgrade).await });
    opening
        .await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn open(cloud: Arc<Cloud>, parts: &Parts, upgrade: OnUpgrade) -> Response {
    let Some(api) = cloud.sockets.api_at(parts.uri.path()).cloned() else {
        return refusal(StatusCode::FORBIDDEN, &new_id());
    };
    let about = About {
        api: api.clone(),
        id: new_id(),
        connected_at: cloud.clock.now(),
        user_agent: text(&parts.headers, header::USER_AGENT).map(str::to_owned),
        domain: text(&parts.headers, header::HOST)
            .unwrap_or_default()
            .to_owned(),
        authorizer: None,
    };
    let id = about.id.clone();
    match accept(&cloud, parts, about).await {
        Err(status) => {
            api.counts.refused();
            cloud.record.touch();
            refusal(status, &id)
        }
        Ok((about, switched)) => {
            let (connection, line) = Connection::new(about);
            // There before the answer is: whoever hears of the connection may post to it.
            cloud.sockets.add(connection.clone());
            cloud.record.touch();
            tokio::spawn(live(cloud, connection, line, upgrade));
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
    cloud: &Cloud,
    parts: &Parts,
    mut about: About,
) -> Result<(About, Response), StatusCode> {
    let (headers, query) = (&parts.headers, parts.uri.query().unwrap_or_default());
    let api = about.api.clone();
    let api = &api.spec;
    if parts.uri.to_string().len() > LONGEST_URL {
        return Err(StatusCode::URI_TOO_LONG);
    }
    let key = key(parts)?;
    if let Some(authorizer) = &api.authorizer {
        about.authorizer = Some(authorized(cloud, api, authorizer, &about, headers, query).await?);
    }
    let answer = connect(cloud, api, &about, headers, query).await?;
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
    Ok((about, switched))
}

/// The key of a request that is for a WebSocket.
fn key(parts: &Parts) -> Result<&[u8], StatusCode> {
    let says = |name: header::HeaderName, word: &str| {
        let values = parts
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let asks = parts.method == Method::GET
        && says(header::CONNECTION, "upgrade")
        && says(header::UPGRADE, "websocket");
    if !asks {
        return Err(StatusCode::UPGRADE_REQUIRED);
    }
    if !says(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(StatusCode::BAD_REQUEST);
    }
    parts
        .headers
        .get(header::SEC_WEBSOCKET_KEY)
        .map(HeaderValue::as_bytes)
        .ok_or(StatusCode::BAD_REQUEST)
}

/// What the function behind `$connect` says, when it lets the client in. Without such a route everybody is.
async fn connect(
    cloud: &Cloud,
    api: &SocketApi,
    about: &About,
    headers: &HeaderMap,
    query: &str,
) -> Result<Value, StatusCode> {
    let Some(route) = api.routes.get("$connect") else {
        return Ok(Value::Null);
    };
    let event = events::connect(cloud, api, about, headers, query);
    match ask(cloud, &route.function_arn, &event, route.timeout).await {
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

/// The one header of the function's that reaches the client.
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
