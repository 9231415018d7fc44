//! Client of OpenAI-compatible models: vision, embeddings and moderation.
//! Model output describes users' pictures: it is sanitized before anyone sees it.

mod client;
mod error;
mod sanitize;
mod seen;
mod vectors;
mod verdict;
mod vision_request;

pub use client::{Model, ModelConfig};
pub use error::ModelError;
pub use seen::{Caption, Seen, Suggestion, Usage, parse_seen};
pub use vectors::parse_vectors;
pub use verdict::{Verdict, parse_verdict};
