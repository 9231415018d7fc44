//! SQS on one SQLite file: standard and FIFO queues, visibility, delay, deduplication, dead-letter queues and redrive.

mod api;
mod engine;
mod move_tasks;
mod refusal;
mod request;

use serde_json::Value;

pub(crate) use api::{handle, system_attributes};
pub(crate) use engine::InvocationLease;
pub use engine::{Message, MessageView, NewMessage, QueueStats, Queues, SendResult, SqsError};
pub(crate) use move_tasks::source_of as source_of_move_task;

/// Returns the message attribute `correlation_id`, by which the timeline groups its entries.
pub(crate) fn correlation_id(attributes: &Value) -> Option<String> {
    attributes
        .pointer("/correlation_id/StringValue")
        .and_then(Value::as_str)
        .map(str::to_owned)
}
