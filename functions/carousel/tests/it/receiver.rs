//! The operator's server in tests: what it was told, and what it answers.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// A request that the server got.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A status with headers.
type Answer = (StatusCode, Vec<(&'static str, String)>);

/// Accepts what it is told, unless other answers were planned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Receiver {
    deliveries: Arc<Mutex<Vec<Delivery>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

impl Delivery {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Asserts that there is one signature for each secret, and no other.
    pub(crate) fn verify(&self, secrets: &[&str]) {
        let expected: Vec<_> = secrets
            .iter()
            .map(|secret| self.signature(secret))
            .collect();
        assert_eq!(self.header("webhook-signature"), expected.join(" "));
    }

    fn signature(&self, secret: &str) -> String {
        let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap());
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.unwrap()).unwrap();
        for part in [self.header("webhook-id"), self.header("webhook-timestamp")] {
            mac.update(part.as_bytes());
            mac.update(b".");
        }
        mac.update(&self.body);
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    }
}

impl Receiver {
    pub(crate) fn routes(&self) -> Router {
        let receiver = self.clone();
        Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let receiver = receiver.clone();
            let path = uri.to_string();
            async move {
                receiver.receive(Delivery {
                    path,
                    headers,
                    body,
                })
            }
        })
    }

    fn receive(&self, delivery: Delivery) -> Response {
        self.deliveries.lock().unwrap().push(delivery);
        let planned = self.answers.lock().unwrap().pop_front();
        let (status, headers) = planned.unwrap_or((StatusCode::NO_CONTENT, Vec::new()));
        let mut response = status.into_response();
        for (name, value) in headers {
            let value = value.parse().unwrap();
            response.headers_mut().insert(name, value);
        }
        response
    }

    /// Plans one more answer.
    pub(crate) fn answer(&self, status: u16, headers: &[(&'static str, &str)]) {
        let headers = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let answer = (StatusCode::from_u16(status).unwrap(), headers.collect());
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.deliveries.lock().unwrap().clone()
    }
}
