//! The API: authentication, dispatch and injected faults.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use confab_simulator_base::{Call, lost_connection};
use futures::StreamExt;
use serde_json::Value;

use crate::{
    api_error::ApiError, chat, config::API_KEY, embeddings, ids, moderations, openai::OpenAi,
    reply::ApiReply, settings::AnswerMode,
};

const CHAT: &str = "chat/completions";
const EMBEDDINGS: &str = "embeddings";
const MODERATIONS: &str = "moderations";

pub(crate) async fn call(
    State(openai): State<Arc<OpenAi>>,
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let what = format!("{method} {path}");
    let mut call = Call::new("model");
    call.correlation_id =
        text(&headers, HeaderName::from_static("x-client-request-id")).map(str::to_owned);
    let settings = openai.settings.get();
    let fault = openai
        .faults()
        .take(|fault| fault.fits(&path))
        .unwrap_or_default();
    if fault.drop_before {
        count(&openai, &path, None);
        openai
            .context
            .record(call, format!("{what}: connection lost"), false);
        return lost_connection();
    }
    let mode = fault.answer.unwrap_or(settings.answer);
    let injected = fault
        .http
        .map(|http| StatusCode::from_u16(http).unwrap_or(StatusCode::BAD_REQUEST));
    let reply = match injected {
        Some(status) => Err(ApiError::staged(status, fault.code)),
        None if fastrand::u32(..100) < settings.fail_percent => Err(ApiError::failed()),
        None => dispatch(&openai, &method, &path, &headers, &body, mode).await,
    };
    // A completion costs tokens even if the app has gone.
    count(&openai, &path, reply.as_ref().ok());
    let wait = settings
        .latency_ms
        .saturating_add(fault.hang_ms.unwrap_or(0));
    tokio::time::sleep(Duration::from_millis(wait)).await;
    let (mut response, text, ok) = match reply {
        Ok(reply) => {
            let text = format!(
                "{what}: 200, {} tokens",
                reply.prompt_tokens + reply.completion_tokens
            );
            (respond(reply, &path, mode, settings.slow_ms), text, true)
        }
        Err(error) => {
            let text = format!("{what}: {}", error.summary());
            (error.into_response(), text, false)
        }
    };
    if fault.drop_after {
        openai
            .context
            .record(call, format!("{text}, connection lost"), false);
        return lost_connection();
    }
    if let Ok(id) = HeaderValue::from_str(&ids::new_id("req_")) {
        response.headers_mut().insert("x-request-id", id);
    }
    openai.context.record(call, text, ok);
    response
}

async fn dispatch(
    openai: &OpenAi,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
    mode: AnswerMode,
) -> Result<ApiReply, ApiError> {
    match text(headers, header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")) {
        Some(API_KEY) => {}
        Some(other) => return Err(ApiError::wrong_key(other)),
        None => return Err(ApiError::no_key()),
    }
    if method != Method::POST || endpoint(path).is_none() {
        return Err(ApiError::no_such_path(method.as_str(), path));
    }
    let is_json = text(headers, header::CONTENT_TYPE)
        .is_some_and(|kind| kind.starts_with("application/json"));
    let body: Value = if is_json {
        serde_json::from_slice(body).map_err(|_| ApiError::no_json())?
    } else {
        return Err(ApiError::no_json());
    };
    match path {
        CHAT => chat::answer(openai, &body, mode).await,
        EMBEDDINGS => embeddings::answer(&body),
        _ => moderations::answer(openai, &body).await,
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

fn count(openai: &OpenAi, path: &str, reply: Option<&ApiReply>) {
    let Some(endpoint) = endpoint(path) else {
        return;
    };
    let mut counts = openai.call_counts();
    let count = counts.entry(endpoint).or_default();
    count.count += 1;
    match reply {
        Some(reply) => {
            count.prompt_tokens += reply.prompt_tokens;
            count.completion_tokens += reply.completion_tokens;
        }
        None => count.errors += 1,
    }
}

fn respond(reply: ApiReply, path: &str, mode: AnswerMode, slow_ms: u64) -> Response {
    if path == CHAT && mode == AnswerMode::Slow {
        slow_response(&reply.body, slow_ms)
    } else {
        Json(reply.body).into_response()
    }
}

/// Parts in which a slow body arrives.
const SLOW_PARTS: usize = 50;

fn slow_response(body: &Value, slow_ms: u64) -> Response {
    let body = body.to_string().into_bytes();
    let parts: Vec<Bytes> = body
        .chunks(body.len().div_ceil(SLOW_PARTS))
        .map(Bytes::copy_from_slice)
        .collect();
    let pause = Duration::from_millis(slow_ms / SLOW_PARTS as u64);
    let stream = futures::stream::iter(parts).then(move |part| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, Infallible>(part)
    });
    (
        [(header::CONTENT_TYPE, "application/json")],
        Body::from_stream(stream),
    )
        .into_response()
}
