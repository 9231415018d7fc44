//! Connections of WebSocket clients, and the events of API Gateway for them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::{Engine, engine::general_purpose::STANDARD};
use confab_core::CorrelationId;
use confab_emulator::AttachedConnection;
use confab_lambda::{Allow, AuthorizerRequest, SocketRequest};
use serde_json::{Map, Value, json};

/// What API Gateway knows of a connection.
#[derive(Debug, Clone)]
pub struct OpenedConnection {
    pub connection_id: String,
    pub connected_at_ms: i64,
    /// The context that the authorizer returned.
    pub authorizer: Value,
}

impl OpenedConnection {
    /// Returns the ticket in the context.
    pub fn ticket(&self) -> &str {
        self.authorizer["ticket"].as_str().unwrap()
    }

    /// Makes the request of a route, as API Gateway does.
    pub fn request(&self, route: &str, headers: Value, body: &[u8]) -> SocketRequest {
        let kind = match route {
            "$connect" => "CONNECT",
            "$disconnect" => "DISCONNECT",
            _ => "MESSAGE",
        };
        let event = json!({
            "requestContext": {
                "routeKey": route, "eventType": kind, "connectionId": self.connection_id, "messageId": "m",
                "apiId": "a", "stage": "live", "requestId": "r", "messageDirection": "IN",
                "connectedAt": self.connected_at_ms, "requestTimeEpoch": self.connected_at_ms,
                "identity": { "sourceIp": "192.0.2.7" }, "authorizer": self.authorizer,
            },
            "headers": headers, "body": STANDARD.encode(body), "isBase64Encoded": true,
        });
        SocketRequest::from_event(event, CorrelationId::of_event("test")).unwrap()
    }
}

/// Makes the request of an authorizer for the query of an address.
pub fn authorizer_request(query: &Value) -> AuthorizerRequest {
    let arn = "arn:aws:execute-api:us-east-1:000000000000:a/live/$connect";
    let request = json!({ "type": "REQUEST", "methodArn": arn, "queryStringParameters": query });
    serde_json::from_value(request).unwrap()
}

/// Returns the context that an authorizer gives a connection.
pub fn authorizer_context(allow: Allow) -> Value {
    let context = allow.context.into_iter();
    let mut context: Map<_, _> = context
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    context.insert("principalId".to_owned(), allow.principal.into());
    context.into()
}

/// The client's end of a connection, with all frames that it received.
#[derive(Debug)]
pub struct ClientConnection {
    attached: Mutex<AttachedConnection>,
    frames: Mutex<Vec<Value>>,
}

impl ClientConnection {
    pub fn new(attached: AttachedConnection) -> Self {
        Self {
            attached: Mutex::new(attached),
            frames: Mutex::default(),
        }
    }

    /// Returns all frames that were received so far.
    pub fn frames(&self) -> Vec<Value> {
        let mut frames = lock(&self.frames);
        let new = lock(&self.attached).take_frames().into_iter();
        frames.extend(new.map(|frame| serde_json::from_slice::<Value>(&frame).unwrap()));
        frames.clone()
    }

    /// Forgets the frames that were received so far.
    pub fn clear(&self) {
        self.frames();
        lock(&self.frames).clear();
    }

    pub fn types(&self) -> Vec<String> {
        let frames = self.frames().into_iter();
        frames
            .map(|frame| frame["type"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Returns the last frame.
    pub fn last(&self) -> Value {
        self.frames().pop().unwrap_or_default()
    }

    pub fn frames_of(&self, kind: &str) -> Vec<Value> {
        let mut frames = self.frames();
        frames.retain(|frame| frame["type"] == kind);
        frames
    }

    pub fn is_closed(&self) -> bool {
        lock(&self.attached).is_closed()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
