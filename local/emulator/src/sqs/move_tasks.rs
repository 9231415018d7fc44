//! Redrives: start, list, cancel. Here a redrive is done when the call that starts it returns.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    engine::{MoveTask, Queues, SqsError},
    refusal::Refusal,
    request::text,
};
use crate::template::Queue;

/// Messages per second.
const MAX_RATE: u64 = 500;

pub(super) fn start(queues: &Queues, request: &Value) -> Result<Value, Refusal> {
    let dlq = source(queues, text(request, "SourceArn").as_deref())?;
    let destination = text(request, "DestinationArn");
    let back = queues.source_of(dlq).ok_or_else(|| {
        SqsError::Invalid("Source queue must be configured as a Dead Letter Queue.".into())
    })?;
    let to = match &destination {
        Some(arn) => queues.by_arn(arn)?,
        None => back,
    };
    let rate = within(request, "MaxNumberOfMessagesPerSecond", MAX_RATE)?;
    let moved = queues.redrive(dlq, to, None)?;
    let seq = queues.add_move_task(dlq, destination.as_deref(), rate, moved)?;
    let handle = json!({ "taskId": seq.to_string(), "sourceArn": dlq.arn }).to_string();
    Ok(json!({ "TaskHandle": STANDARD.encode(handle) }))
}

pub(super) fn list(queues: &Queues, request: &Value) -> Result<Value, Refusal> {
    let dlq = source(queues, text(request, "SourceArn").as_deref())?;
    let limit = within(request, "MaxResults", 10)?.unwrap_or(1);
    let tasks = queues.move_tasks(dlq, limit)?;
    Ok(json!({ "Results": tasks.iter().map(|task| entry(dlq, task)).collect::<Vec<_>>() }))
}

/// Fails always: only running tasks can be cancelled, and tasks finish before their handle is known.
pub(super) fn cancel(queues: &Queues, request: &Value) -> Result<Value, Refusal> {
    let wrong = || SqsError::Invalid("Value for parameter TaskHandle is invalid.".into());
    let arn = text(request, "TaskHandle")
        .and_then(|handle| source_of(&handle))
        .ok_or_else(wrong)?;
    source(queues, Some(&arn))?;
    Err(SqsError::NoTask.into())
}

/// Returns the source queue's ARN in a task handle.
pub(crate) fn source_of(handle: &str) -> Option<String> {
    let handle: Value = serde_json::from_slice(&STANDARD.decode(handle).ok()?).ok()?;
    text(&handle, "taskId")?;
    text(&handle, "sourceArn")
}

fn source<'a>(queues: &'a Queues, arn: Option<&str>) -> Result<&'a Queue, SqsError> {
    arn.and_then(|arn| queues.by_arn(arn).ok())
        .ok_or(SqsError::NoSource)
}

fn within(request: &Value, name: &str, most: u64) -> Result<Option<u64>, SqsError> {
    match request.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(given) => match given.as_u64().filter(|number| (1..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(SqsError::Invalid(format!(
                "Value {given} for parameter {name} is invalid. Reason: Must be between 1 and {most}."
            ))),
        },
    }
}

/// Omits fields that the caller did not set, and the handle of a finished task.
fn entry(dlq: &Queue, task: &MoveTask) -> Value {
    let mut entry = json!({
        "Status": "COMPLETED",
        "SourceArn": dlq.arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.moved,
        "StartedTimestamp": task.started_at,
    });
    if let Some(destination) = &task.destination {
        entry["DestinationArn"] = json!(destination);
    }
    if let Some(rate) = task.rate {
        entry["MaxNumberOfMessagesPerSecond"] = json!(rate);
    }
    entry
}
