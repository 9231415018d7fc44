//! `@connections`: how functions post to a connection, look at it and end it.

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

use super::{Api, Ending, connection::LARGEST_MESSAGE, events::SOURCE_IP};
use crate::{
    aws,
    cloud::Cloud,
    lambda::Function,
    record::{Caller, Ended},
    template::SocketApi,
};

const CONNECTIONS: &str = "@connections";

/// On the endpoint of AWS: `/{stage}/@connections/..`, or without the stage, as the SDKs call without an endpoint of
/// their own. Any part may be percent-encoded.
pub fn is_call(path: &str) -> bool {
    segments(path).take(2).any(|segment| segment == CONNECTIONS)
}

/// On the endpoint of the APIs, whose ids may stand before the stage.
pub(super) fn is_call_to_apis(path: &str) -> bool {
    segments(path).take(3).any(|segment| segment == CONNECTIONS)
}

fn segments(path: &str) -> impl Iterator<Item = String> {
    path.trim_start_matches('/')
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
}

/// As AWS's SDKs read it: the kind is in a header.
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

pub async fn answer(cloud: &Cloud, request: Request) -> Response {
    let operation = match *request.method() {
        Method::POST => "PostToConnection",
        Method::GET => "GetConnection",
        Method::DELETE => "DeleteConnection",
        _ => return FORBIDDEN.into_response(),
    };
    let signer = aws::caller(request.headers());
    let caller = aws::known(cloud, &signer).to_owned();
    if caller != aws::OUTSIDE {
        cloud.latency.of_call().await;
    }
    let answer = match permitted(cloud, &request, &signer) {
        Ok((api, id)) => match operation {
            "PostToConnection" => post(cloud, &api, &id, request).await,
            "GetConnection" => look(cloud, &id),
            _ => delete(cloud, &id),
        },
        Err(refusal) => Err(refusal),
    };
    let ended = match &answer {
        Ok(_) => Ended::Well,
        // Whoever posts asks thereby whether the connection is still there.
        Err(refusal) if refusal.status == StatusCode::GONE => Ended::Condition,
        Err(_) => Ended::Badly,
    };
    let call = Caller {
        service: "execute-api".to_owned(),
        operation: operation.to_owned(),
        caller,
    };
    cloud.record.call(call, ended, 0.0, 0.0);
    answer.into_response()
}

/// The API and the connection's id, when the path is right and the caller may do this.
fn permitted(
    cloud: &Cloud,
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
    let api = cloud
        .sockets
        .api_of(&parts[..at].join("/"), id)
        .ok_or(FORBIDDEN)?;
    match cloud.functions.get(signer) {
        Some(function) if !is_allowed(cloud, &api.spec, function, request.method(), id) => {
            Err(FORBIDDEN)
        }
        _ => Ok((api, id.clone())),
    }
}

/// By the function's own statements, here as there.
fn is_allowed(
    cloud: &Cloud,
    api: &SocketApi,
    function: &Function,
    method: &Method,
    id: &str,
) -> bool {
    let resource = format!(
        "arn:aws:execute-api:{}:{}:{}/{}/{method}/@connections/{id}",
        cloud.region, cloud.account, api.id, api.stage
    );
    let action = "execute-api:ManageConnections";
    let is_allowed = function.spec.policy.allows(action, &resource);
    if !is_allowed {
        let arn = &function.spec.arn;
        let text =
            format!("User: {arn} is not authorized to perform: {action} on resource: {resource}");
        cloud.record.line(
            &function.spec.name,
            &json!({ "level": "ERROR", "message": text }).to_string(),
        );
    }
    is_allowed
}

async fn post(cloud: &Cloud, api: &Api, id: &str, request: Request) -> Result<Response, Refusal> {
    cloud.latency.of_post().await;
    let frame = to_bytes(request.into_body(), LARGEST_MESSAGE)
        .await
        .map_err(|_| TOO_LARGE)?;
    let size = frame.len();
    match cloud.sockets.get(id) {
        Some(connection) if cloud.sockets.post(&connection, frame, cloud.clock.now()) => {
            api.counts.went_out(size);
            Ok(StatusCode::OK.into_response())
        }
        _ => {
            api.counts.gone();
            Err(GONE)
        }
    }
}

fn look(cloud: &Cloud, id: &str) -> Result<Response, Refusal> {
    let connection = cloud.sockets.get(id).ok_or(GONE)?;
    let at = |ms: i64| {
        Timestamp::from_millisecond(ms)
            .unwrap_or(Timestamp::MAX)
            .to_string()
    };
    let about = json!({
        "connectedAt": at(connection.about.connected_at),
        "identity": { "sourceIp": SOURCE_IP, "userAgent": connection.about.user_agent },
        "lastActiveAt": at(connection.last_active_at()),
    });
    Ok(axum::Json(about).into_response())
}

fn delete(cloud: &Cloud, id: &str) -> Result<Response, Refusal> {
    match cloud.sockets.end(id, Ending::deleted(), cloud.clock.now()) {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(GONE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_known_by_their_path_however_it_is_encoded() {
        assert!(is_call("/live/@connections/abc%3D"));
        assert!(is_call("/live/%40connections/abc%3D"));
        assert!(is_call("/live/@connections"));
        assert!(is_call("/@connections/abc%3D"));
        assert!(is_call_to_apis("/rooms/live/@connections/abc"));
        assert!(!is_call("/live"));
        assert!(!is_call("/bucket/folder/@connections"));
    }
}
