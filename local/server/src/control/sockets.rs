//! Connections and latency in the control API.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    problem::{Problem, not_found},
    state::Control,
};

pub(super) fn routes() -> Router<Control> {
    Router::new()
        .route("/api/sockets", get(list))
        .route("/api/sockets/{connection_id}/drop", post(drop_one))
        .route("/api/sockets/latency", post(delay_posts))
        .route("/api/latency", get(latency).put(delay_calls))
}

/// Parses a body; an empty one is an empty object.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body)
        .map_err(|e| Problem(StatusCode::BAD_REQUEST, "bad_request", e.to_string()))
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<usize>,
}

async fn list(State(control): State<Control>, Query(query): Query<Limit>) -> impl IntoResponse {
    Json(control.emulator.websockets.list(query.limit.unwrap_or(100)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DropOptions {
    #[serde(default)]
    silently: bool,
}

async fn drop_one(
    State(control): State<Control>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let options: DropOptions = read(&body)?;
    let websockets = &control.emulator.websockets;
    if websockets.drop_connection(&id, options.silently) {
        Ok(Json(json!({ "dropped": id })))
    } else {
        Err(not_found("such connection"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostLatency {
    post_ms: u64,
}

async fn delay_posts(State(control): State<Control>, body: Bytes) -> Result<Json<Value>, Problem> {
    control
        .emulator
        .latency
        .set_post(read::<PostLatency>(&body)?.post_ms);
    Ok(Json(control.emulator.latency.snapshot()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallLatency {
    aws_ms: u64,
}

async fn delay_calls(State(control): State<Control>, body: Bytes) -> Result<Json<Value>, Problem> {
    control
        .emulator
        .latency
        .set_aws(read::<CallLatency>(&body)?.aws_ms);
    Ok(Json(control.emulator.latency.snapshot()))
}

async fn latency(State(control): State<Control>) -> Json<Value> {
    Json(control.emulator.latency.snapshot())
}
