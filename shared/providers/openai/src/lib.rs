//! A model behind OpenAI's API, or one like it: it looks at a picture, places texts, and says what is not fit to be shown.
//! What it answers is somebody's guess about a stranger's picture, and is made harmless before anybody sees it.

mod client;
mod error;
mod question;
mod seen;
mod vectors;
mod verdict;
mod words;

pub use client::{Model, ModelConfig};
pub use error::ModelError;
pub use seen::{Caption, Seen, Suggestion, Usage, parse_seen};
pub use vectors::parse_vectors;
pub use verdict::{Verdict, parse_verdict};
