//! `@connections`: how functions post to a connection, read it and delete it.

use std::sync::Arc;

use axum::{
    body::to_bytes,
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::{
    api::Api, connection::CloseReason, events::SOURCE_IP, gateway::WebSocketGateway,
    socket::MAX_MESSAGE_BYTES,
};
use crate::{
    caller::{OUTSIDE, access_key},
    lambda::Function,
    recorder::{ApiCall, CallOutcome},
    template::SocketApi,
};

const CONNECTIONS: &str = "@connections";

/// Whether a path of the AWS endpoint is `/{stage}/@connections/..`, or the same without the stage, as the SDKs send
/// without an endpoint of their own. Any part may be percent-encoded.
pub(crate) fn is_call(path: &str) -> bool {
    segments(path).take(2).any(|segment| segment == CONNECTIONS)
}

/// Whether a path of the WebSocket listener is a management call. An API's id may precede the stage.
pub(super) fn is_call_to_apis(path: &str) -> bool {
    segments(path).take(3).any(|segment| segment == CONNECTIONS)
}

fn segments(path: &str) -> impl Iterator<Item = String> {
    path.trim_start_matches('/')
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
}

/// An error response, whose kind the SDKs read from a header.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    kind: &'static str,
    message: &'static str,
}

const GONE: Refusal = Refusal {
    status: StatusCode::GONE,
    kind: "GoneException",
    message: "Gone",
};
const FORBIDDEN: Refusal = Refusal {
    status: StatusCode::FORBIDDEN,
    kind: "ForbiddenException",
    message: "Forbidden",
};
const UNSIGNED: Refusal = Refusal {
    status: StatusCode::FORBIDDEN,
    kind: "MissingAuthenticationTokenException",
    message: "Missing Authentication Token",
};
const TOO_LARGE: Refusal = Refusal {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    kind: "PayloadTooLargeException",
    message: "Message too long",
};

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let headers = [("x-amzn-errortype", self.kind)];
        (
            self.status,
            headers,
            axum::Json(json!({ "message": self.message })),
        )
            .into_response()
    }
}

pub(crate) async fn answer(gateway: &WebSocketGateway, request: Request) -> Response {
    let operation = match *request.method() {
        Method::POST => "PostToConnection",
        Method::GET => "GetConnection",
        Method::DELETE => "DeleteConnection",
        _ => return FORBIDDEN.into_response(),
    };
    let signer = access_key(request.headers());
    let caller = gateway.functions.caller(&signer).to_owned();
    if caller != OUTSIDE {
        gateway.latency.delay_call().await;
    }
    let answer = match authorize(gateway, &request, &signer) {
        Ok((api, id)) => match operation {
            "PostToConnection" => post(gateway, &api, &id, request).await,
            "GetConnection" => get(gateway, &id),
            _ => delete(gateway, &id),
        },
        Err(refusal) => Err(refusal),
    };
    let ended = match &answer {
        Ok(_) => CallOutcome::Success,
        // A post is also the check whether the connection still exists.
        Err(refusal) if refusal.status == StatusCode::GONE => CallOutcome::Condition,
        Err(_) => CallOutcome::Failure,
    };
    let call = ApiCall {
        service: "execute-api".to_owned(),
        operation: operation.to_owned(),
        caller,
    };
    gateway.recorder.count_call(call, ended, 0.0, 0.0);
    answer.into_response()
}

/// Returns the API and the connection's id, when the path is valid and the caller is allowed.
fn authorize(
    gateway: &WebSocketGateway,
    request: &Request,
    signer: &str,
) -> Result<(Arc<Api>, String), Refusal> {
    if signer.is_empty() {
        return Err(UNSIGNED);
    }
    let parts: Vec<_> = segments(request.uri().path()).collect();
    let at = parts
        .iter()
        .position(|part| part == CONNECTIONS)
        .ok_or(FORBIDDEN)?;
    let [id] = &parts[at + 1..] else {
        return Err(FORBIDDEN);
    };
    if id.is_empty() {
        return Err(FORBIDDEN);
    }
    let api = gateway
        .connections
        .api_of(&parts[..at].join("/"), id)
        .ok_or(FORBIDDEN)?;
    match gateway.functions.get(signer) {
        Some(function) if !is_allowed(gateway, &api.spec, function, request.method(), id) => {
            Err(FORBIDDEN)
        }
        _ => Ok((api, id.clone())),
    }
}

/// Evaluates the function's own statements.
fn is_allowed(
    gateway: &WebSocketGateway,
    api: &SocketApi,
    function: &Function,
    method: &Method,
    id: &str,
) -> bool {
    let resource = gateway.account.arn(
        "execute-api",
        &format!("{}/{}/{method}/@connections/{id}", api.id, api.stage),
    );
    let action = "execute-api:ManageConnections";
    let is_allowed = function.spec.policy.allows(action, &resource);
    if !is_allowed {
        let arn = &function.spec.arn;
        let text =
            format!("User: {arn} is not authorized to perform: {action} on resource: {resource}");
        gateway.recorder.log(
            &function.spec.name,
            &json!({ "level": "ERROR", "message": text }).to_string(),
        );
    }
    is_allowed
}

async fn post(
    gateway: &WebSocketGateway,
    api: &Api,
    id: &str,
    request: Request,
) -> Result<Response, Refusal> {
    gateway.latency.delay_post().await;
    let frame = to_bytes(request.into_body(), MAX_MESSAGE_BYTES)
        .await
        .map_err(|_| TOO_LARGE)?;
    let size = frame.len();
    match gateway.connections.get(id) {
        Some(connection)
            if gateway
                .connections
                .post(&connection, frame, gateway.clock.now()) =>
        {
            api.counts.count_post(size);
            Ok(StatusCode::OK.into_response())
        }
        _ => {
            api.counts.count_gone();
            Err(GONE)
        }
    }
}

fn get(gateway: &WebSocketGateway, id: &str) -> Result<Response, Refusal> {
    let connection = gateway.connections.get(id).ok_or(GONE)?;
    let at = |ms: i64| {
        Timestamp::from_millisecond(ms)
            .unwrap_or(Timestamp::MAX)
            .to_string()
    };
    let about = json!({
        "connectedAt": at(connection.info.connected_at),
        "identity": { "sourceIp": SOURCE_IP, "userAgent": connection.info.user_agent },
        "lastActiveAt": at(connection.last_active_at()),
    });
    Ok(axum::Json(about).into_response())
}

fn delete(gateway: &WebSocketGateway, id: &str) -> Result<Response, Refusal> {
    match gateway
        .connections
        .close(id, CloseReason::deleted(), gateway.clock.now())
    {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(GONE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn management_calls_are_recognized_by_encoded_and_plain_paths() {
        assert!(is_call("/live/@connections/abc%3D"));
        assert!(is_call("/live/%40connections/abc%3D"));
        assert!(is_call("/live/@connections"));
        assert!(is_call("/@connections/abc%3D"));
        assert!(is_call_to_apis("/rooms/live/@connections/abc"));
        assert!(!is_call("/live"));
        assert!(!is_call("/bucket/folder/@connections"));
    }
}
