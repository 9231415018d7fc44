//! Client of OpenAI-compatible models: completions, vision, embeddings and moderation.
//! Model output describes users' pictures or follows their words: it is checked before anyone sees it.

mod client;
mod completion;
mod error;
mod sanitize;
mod seen;
mod vectors;
mod verdict;
mod vision_request;

pub use client::{Model, ModelConfig};
pub use completion::{
    ChatMessage, ChatRequest, Completion, CompletionOutcome, Role, Usage, parse_completion,
};
pub use error::ModelError;
pub use seen::{Caption, Seen, Suggestion, parse_seen};
pub use vectors::parse_vectors;
pub use verdict::{Verdict, parse_verdict};
