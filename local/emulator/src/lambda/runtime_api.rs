//! The Runtime API of one process, at an address of its own: clients take a host and a port, and no path before theirs.

use std::{net::TcpListener, sync::Arc};

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
    outcome::{Failure, Outcome},
    process::Process,
};
use crate::loopback;

/// Lambda takes responses of 6 MB.
const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 1024;

/// Serves until the process is gone.
pub(super) async fn serve(listener: TcpListener, process: Arc<Process>) {
    let ended = process.clone();
    let serving = async {
        listener.set_nonblocking(true)?;
        axum::serve(
            tokio::net::TcpListener::from_std(listener)?,
            loopback::guard(router(process)),
        )
        .await
    };
    tokio::select! {
        Err(error) = serving => tracing::error!(%error, "a Runtime API ended before its process"),
        () = ended.ended() => {}
    }
}

fn router(process: Arc<Process>) -> Router {
    let runtime = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{request_id}/response", post(response))
        .route("/invocation/{request_id}/error", post(error))
        .route("/init/error", post(init_error));
    Router::new()
        .nest("/2018-06-01/runtime", runtime)
        .layer(DefaultBodyLimit::max(MAX_RESPONSE_BYTES))
        .with_state(process)
}

async fn next(State(process): State<Arc<Process>>) -> Response {
    process.set_ready();
    let Some(invocation) = process.next.lock().await.recv().await else {
        return (StatusCode::GONE, "this process is not needed any more").into_response();
    };
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.request_id),
        (
            "lambda-runtime-deadline-ms",
            invocation.deadline_ms.to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", process.arn.clone()),
        ("lambda-runtime-trace-id", invocation.trace_id),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, invocation.payload).into_response()
}

async fn response(
    State(process): State<Arc<Process>>,
    Path(request_id): Path<String>,
    body: Bytes,
) -> Response {
    finish(&process, &request_id, Outcome::Answered(body))
}

async fn error(
    State(process): State<Arc<Process>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    finish(
        &process,
        &request_id,
        Outcome::Failed(failure(&headers, &body)),
    )
}

async fn init_error(
    State(process): State<Arc<Process>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    process.fail_init(failure(&headers, &body));
    accepted()
}

fn finish(process: &Process, request_id: &str, outcome: Outcome) -> Response {
    if process.finish(request_id, outcome) {
        accepted()
    } else {
        (
            StatusCode::BAD_REQUEST,
            Json(json!({ "errorType": "InvalidRequestID" })),
        )
            .into_response()
    }
}

fn failure(headers: &HeaderMap, body: &[u8]) -> Failure {
    let error: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let header = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|value| value.to_str().ok());
    Failure {
        kind: text("errorType")
            .or_else(|| header.map(str::to_owned))
            .unwrap_or_else(|| "Unhandled".to_owned()),
        message: text("errorMessage").unwrap_or_else(|| "the function failed".to_owned()),
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "status": "OK" }))).into_response()
}
