//! The Runtime API: `/.rt/{process}/2018-06-01/runtime/...`, each process at an address of its own.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    function::{Failure, Functions, Outcome},
    process::Process,
};

/// Lambda takes answers of 6 MB.
const LARGEST: usize = 6 * 1024 * 1024 + 1024;

pub(crate) fn router(functions: Arc<Functions>) -> Router {
    let runtime = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{request_id}/response", post(response))
        .route("/invocation/{request_id}/error", post(error))
        .route("/init/error", post(init_error));
    Router::new()
        .nest("/.rt/{process}/2018-06-01/runtime", runtime)
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(functions)
}

/// None for a process of an earlier run of local.
fn process(functions: &Functions, id: &str) -> Option<Arc<Process>> {
    let registry = functions.registry.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    registry.get(id).cloned()
}

fn not_needed() -> Response {
    (StatusCode::GONE, "this process is not needed any more").into_response()
}

async fn next(State(functions): State<Arc<Functions>>, Path(id): Path<String>) -> Response {
    let Some(process) = process(&functions, &id) else {
        return not_needed();
    };
    process.asks_for_work();
    let Some(invocation) = process.next.lock().await.recv().await else {
        return not_needed();
    };
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.request_id),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", process.arn.clone()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, invocation.payload).into_response()
}

async fn response(
    State(functions): State<Arc<Functions>>,
    Path((id, request_id)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    finish(&functions, &id, &request_id, Outcome::Answered(body))
}

async fn error(
    State(functions): State<Arc<Functions>>,
    Path((id, request_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    finish(&functions, &id, &request_id, Outcome::Failed(failure(&headers, &body)))
}

async fn init_error(
    State(functions): State<Arc<Functions>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(process) = process(&functions, &id) else {
        return not_needed();
    };
    drop((headers, body));
    process.kill();
    accepted()
}

fn finish(functions: &Functions, id: &str, request_id: &str, outcome: Outcome) -> Response {
    let Some(process) = process(functions, id) else {
        return not_needed();
    };
    if process.finish(request_id, outcome) {
        accepted()
    } else {
        (StatusCode::BAD_REQUEST, Json(json!({ "errorType": "InvalidRequestID" }))).into_response()
    }
}

fn failure(headers: &HeaderMap, body: &[u8]) -> Failure {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
    let header = headers.get("lambda-runtime-function-error-type").and_then(|value| value.to_str().ok());
    Failure {
        kind: text("errorType").or_else(|| header.map(str::to_owned)).unwrap_or_else(|| "Unhandled".to_owned()),
        message: text("errorMessage").unwrap_or_else(|| "the function failed".to_owned()),
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}
