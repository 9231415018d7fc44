//! The control API's part about connections: who is there, and what tests do to them.

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

use super::{Control, Problem, not_found};

pub(super) fn routes() -> Router<Control> {
    Router::new()
        .route("/api/sockets", get(list))
        .route("/api/sockets/{connection_id}/drop", post(drop_one))
        .route("/api/sockets/latency", post(delay_posts))
        .route("/api/latency", get(latency).put(delay_calls))
}

/// Nothing said is the same as an empty object.
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
    Json(control.cloud.sockets.list(query.limit.unwrap_or(100)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drop {
    #[serde(default)]
    silently: bool,
}

async fn drop_one(
    State(control): State<Control>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let wanted: Drop = read(&body)?;
    let cloud = &control.cloud;
    match cloud
        .sockets
        .drop_connection(&id, wanted.silently, cloud.clock.now())
    {
        true => Ok(Json(json!({ "dropped": id }))),
        false => Err(not_found("such connection")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPosts {
    post_ms: u64,
}

async fn delay_posts(State(control): State<Control>, body: Bytes) -> Result<Json<Value>, Problem> {
    control
        .cloud
        .latency
        .set_post(read::<OfPosts>(&body)?.post_ms);
    Ok(Json(control.cloud.latency.snapshot()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfCalls {
    aws_ms: u64,
}

async fn delay_calls(State(control): State<Control>, body: Bytes) -> Result<Json<Value>, Problem> {
    control
        .cloud
        .latency
        .set_aws(read::<OfCalls>(&body)?.aws_ms);
    Ok(Json(control.cloud.latency.snapshot()))
}

async fn latency(State(control): State<Control>) -> Json<Value> {
    Json(control.cloud.latency.snapshot())
}
