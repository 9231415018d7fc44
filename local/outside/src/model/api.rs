//! The API: who asks, what for, and what goes wrong with it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use serde_json::Value;

use super::{
    API_KEY,
    behaviour::{Manner, Settings},
    chat, embeddings, moderations,
    refusal::Refusal,
};
use crate::{Outside, ids, meta::lost_connection, outside::Call};

#[derive(Debug)]
pub(super) struct Answered {
    pub(super) body: Value,
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
}

const CHAT: &str = "chat/completions";
const EMBEDDINGS: &str = "embeddings";
const MODERATIONS: &str = "moderations";

pub(super) async fn call(
    State(outside): State<Arc<Outside>>,
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let what = format!("{method} {path}");
    let mut call = Call::new("model");
    call.correlation_id =
        text(&headers, HeaderName::from_static("x-client-request-id")).map(str::to_owned);
    let (settings, fault) = {
        let mut store = outside.store();
        (
            store.model.clone(),
            store.model_faults.next(&path).unwrap_or_default(),
        )
    };
    if fault.drop_before {
        count(&outside, &path, None);
        outside.saw(call, format!("{what}: connection lost"), false);
        return lost_connection();
    }
    let staged = fault
        .http
        .map(|http| StatusCode::from_u16(http).unwrap_or(StatusCode::BAD_REQUEST));
    let answered = match staged {
        Some(status) => Err(Refusal::staged(status, fault.code)),
        None if fastrand::u32(..100) < settings.fail_percent => Err(Refusal::failed()),
        None => done(&outside, &method, &path, &headers, &body, settings.answer).await,
    };
    // It is made and paid for, also when nobody waits for it.
    count(&outside, &path, answered.as_ref().ok());
    let wait = settings
        .latency_ms
        .saturating_add(fault.hang_ms.unwrap_or(0));
    tokio::time::sleep(Duration::from_millis(wait)).await;
    let (mut response, text, ok) = match answered {
        Ok(answered) => {
            let text = format!(
                "{what}: 200, {} tokens",
                answered.prompt_tokens + answered.completion_tokens
            );
            (given(answered, &path, &settings), text, true)
        }
        Err(refusal) => {
            let text = format!("{what}: {}", refusal.told());
            (refusal.into_response(), text, false)
        }
    };
    if fault.drop_after {
        outside.saw(call, format!("{text}, connection lost"), false);
        return lost_connection();
    }
    if let Ok(id) = HeaderValue::from_str(&ids::model("req_")) {
        response.headers_mut().insert("x-request-id", id);
    }
    outside.saw(call, text, ok);
    response
}

async fn done(
    outside: &Outside,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
    manner: Manner,
) -> Result<Answered, Refusal> {
    match text(headers, header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")) {
        Some(API_KEY) => {}
        Some(other) => return Err(Refusal::wrong_key(other)),
        None => return Err(Refusal::no_key()),
    }
    if method != Method::POST || endpoint(path).is_none() {
        return Err(Refusal::no_such_path(method.as_str(), path));
    }
    let is_json = text(headers, header::CONTENT_TYPE)
        .is_some_and(|kind| kind.starts_with("application/json"));
    let body: Value = match is_json {
        true => serde_json::from_slice(body).map_err(|_| Refusal::no_json())?,
        false => return Err(Refusal::no_json()),
    };
    match path {
        CHAT => chat::answer(outside, &body, manner).await,
        EMBEDDINGS => embeddings::answer(&body),
        _ => moderations::answer(outside, &body).await,
    }
}

fn endpoint(path: &str) -> Option<&'static str> {
    [CHAT, EMBEDDINGS, MODERATIONS]
        .into_iter()
        .find(|endpoint| *endpoint == path)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn count(outside: &Outside, path: &str, answered: Option<&Answered>) {
    let Some(endpoint) = endpoint(path) else {
        return;
    };
    let mut store = outside.store();
    let count = store.model_calls.entry(endpoint).or_default();
    count.count += 1;
    match answered {
        Some(answered) => {
            count.prompt_tokens += answered.prompt_tokens;
            count.completion_tokens += answered.completion_tokens;
        }
        None => count.errors += 1,
    }
}

fn given(answered: Answered, path: &str, settings: &Settings) -> Response {
    match path == CHAT && settings.answer == Manner::Slow {
        true => in_pieces(&answered.body, settings.slow_ms),
        false => Json(answered.body).into_response(),
    }
}

const PIECES: usize = 50;

fn in_pieces(body: &Value, slow_ms: u64) -> Response {
    let body = body.to_string().into_bytes();
    let pieces: Vec<Bytes> = body
        .chunks(body.len().div_ceil(PIECES))
        .map(Bytes::copy_from_slice)
        .collect();
    let pause = Duration::from_millis(slow_ms / PIECES as u64);
    let stream = futures::stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, Infallible>(piece)
    });
    (
        [(header::CONTENT_TYPE, "application/json")],
        Body::from_stream(stream),
    )
        .into_response()
}
