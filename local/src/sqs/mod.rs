//! SQS on one SQLite file: standard and FIFO queues, visibility, delay, deduplication, dead-letter queues and redrive.

mod api;
mod engine;

pub(crate) use api::handle;
pub(crate) use api::system_attributes;
pub(crate) use engine::{Engine, Message, Outgoing, SqsError};
