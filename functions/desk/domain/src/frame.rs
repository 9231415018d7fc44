//! Socket frames of desk, version 1. The names are those of the HTTP API's resources and of its events.

mod client;
mod server;
mod split;

pub use client::{ClientFrame, FrameRefusal, MAX_FRAME_BYTES, MAX_HELLO_CONVERSATIONS, ReadMark};
pub use server::{AnswerVerdict, ByeReason, MessageList, ServerFrame};
pub use split::{MessageBatch, Numbered, split_into_batches};

#[cfg(test)]
mod tests;
