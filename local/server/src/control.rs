//! The control API and the pages. docs/local-api.md is its contract.

mod mails;
mod pages;
mod problem;
mod snapshot;
mod sockets;
mod state;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use confab_emulator::{lambda::Outcome, recorder::LogLine};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use pages::security_headers;
use problem::{Problem, not_found};
pub(crate) use state::{Addresses, Control};

/// The clock advances by a year at most.
const MAX_ADVANCE_MS: i64 = 366 * 24 * 3_600 * 1_000;

pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/assets/{name}", get(pages::asset))
        .route("/api/state", get(snapshot::get))
        .route("/api/stream", get(snapshot::stream_all))
        .route("/api/clock", post(advance))
        .route("/api/traces", get(traces))
        .route("/api/traces/{id}", get(trace))
        .route("/api/logs", get(logs))
        .route("/api/functions/{name}/invoke", post(invoke))
        .route("/api/functions/{name}/kill", post(kill))
        .route("/api/schedules/{name}/run", post(run_schedule))
        .route("/api/queues/{name}/messages", get(messages))
        .route("/api/queues/{name}/messages/{id}", delete(delete_message))
        .route("/api/queues/{name}/redrive", post(redrive))
        .merge(mails::routes())
        .merge(sockets::routes())
        .fallback(pages::service_page)
        .with_state(control)
}

#[derive(Deserialize)]
struct Advance {
    advance_ms: i64,
}

async fn advance(
    State(control): State<Control>,
    Json(by): Json<Advance>,
) -> Result<Json<Value>, Problem> {
    if !(1..=MAX_ADVANCE_MS).contains(&by.advance_ms) {
        let text = "Time moves forward, by a year at most.".to_owned();
        return Err(Problem(StatusCode::BAD_REQUEST, "bad_advance", text));
    }
    let emulator = &control.emulator;
    emulator.advance_clock(by.advance_ms).await?;
    let clock = &emulator.clock;
    Ok(Json(
        json!({ "now": clock.now(), "offset_ms": clock.offset_ms() }),
    ))
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<usize>,
}

async fn traces(State(control): State<Control>, Query(query): Query<Limit>) -> impl IntoResponse {
    Json(control.emulator.recorder.traces(query.limit.unwrap_or(50)))
}

async fn trace(State(control): State<Control>, Path(id): Path<String>) -> impl IntoResponse {
    Json(
        control
            .emulator
            .recorder
            .trace(&id)
            .iter()
            .map(|entry| json!(**entry))
            .collect::<Vec<_>>(),
    )
}

#[derive(Deserialize)]
struct Logs {
    function: Option<String>,
    correlation_id: Option<String>,
    limit: Option<usize>,
}

async fn logs(State(control): State<Control>, Query(query): Query<Logs>) -> impl IntoResponse {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (function, correlation) = (given(&query.function), given(&query.correlation_id));
    let wanted = |line: &LogLine| {
        function.as_ref().is_none_or(|name| line.function == *name)
            && correlation
                .as_ref()
                .is_none_or(|id| line.correlation_id.as_ref() == Some(id))
    };
    let lines = control
        .emulator
        .recorder
        .lines(wanted, query.limit.unwrap_or(200));
    Json(lines.iter().map(|line| json!(**line)).collect::<Vec<_>>())
}

async fn invoke(
    State(control): State<Control>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let function = control
        .emulator
        .functions
        .get(&name)
        .ok_or_else(|| not_found("such function"))?;
    let started = std::time::Instant::now();
    let (status, payload) = match function.invoke(body).await {
        Outcome::Answered(answer) => ("ok", serde_json::from_slice(&answer).unwrap_or(Value::Null)),
        Outcome::Failed(failure) => ("error", json!(failure)),
    };
    Ok(Json(
        json!({ "status": status, "payload": payload, "duration_ms": started.elapsed().as_secs_f64() * 1_000.0 }),
    ))
}

async fn kill(
    State(control): State<Control>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let function = control
        .emulator
        .functions
        .get(&name)
        .ok_or_else(|| not_found("such function"))?;
    Ok(Json(json!({ "killed": function.kill_all() })))
}

async fn run_schedule(
    State(control): State<Control>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    if control.emulator.scheduler.fire(&name)? {
        Ok(Json(json!({ "fired": name })))
    } else {
        Err(not_found("such schedule"))
    }
}

async fn messages(
    State(control): State<Control>,
    Path(name): Path<String>,
    Query(query): Query<Limit>,
) -> Result<Response, Problem> {
    let queue = control.emulator.queues.queue(&name)?;
    Ok(Json(
        control
            .emulator
            .queues
            .peek(queue, query.limit.unwrap_or(50))?,
    )
    .into_response())
}

async fn delete_message(
    State(control): State<Control>,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let queue = control.emulator.queues.queue(&name)?;
    match control.emulator.queues.delete_by_id(queue, &id)? {
        0 => Err(not_found("such message")),
        deleted => {
            control.emulator.recorder.mark_changed();
            Ok(Json(json!({ "deleted": deleted })))
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Redrive {
    message_id: Option<String>,
}

async fn redrive(
    State(control): State<Control>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let wanted: Redrive = match body.is_empty() {
        true => Redrive::default(),
        false => serde_json::from_slice(&body)
            .map_err(|e| Problem(StatusCode::BAD_REQUEST, "bad_request", e.to_string()))?,
    };
    let queues = &control.emulator.queues;
    let dlq = queues.queue(&name)?;
    let source = queues.source_of(dlq).ok_or_else(|| {
        Problem(
            StatusCode::CONFLICT,
            "no_dlq",
            format!("{name} is no queue's dead-letter queue."),
        )
    })?;
    let moved = queues.redrive(dlq, source, wanted.message_id.as_deref())?;
    control.emulator.recorder.mark_changed();
    Ok(Json(json!({ "moved": moved })))
}
