//! SQS on one SQLite file: standard and FIFO queues, visibility, delay, deduplication, dead-letter queues and redrive.

mod api;
mod engine;
mod move_tasks;

pub use api::handle;
pub use api::system_attributes;
pub use engine::{Engine, Held, Message, Outgoing, SqsError};
pub use move_tasks::source_of as source_of_move_task;
