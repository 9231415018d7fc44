//! What slides say: reads a request, asks a model, checks its answer, and writes without a model.
//!
//! Invariants: a model never writes a quotation, and its words fill text slots only. Every draft,
//! by a model or the composer, passes [`check`].

mod answer;
mod bm25;
mod brief;
mod budget;
mod check;
mod compose;
mod detect;
mod dialogue;
mod obedience;
mod policy;
mod prompt;
mod reference;
mod request;
mod shelf;
mod stop_words;
mod text;

pub use answer::{
    Answer, AnswerError, AnswerSlide, Written, accept, accept_with_cuts, parse_answer,
};
pub use brief::{Brief, Task};
pub use budget::{Budget, Budgets, TokenCount};
pub use check::{Field, Violation, check};
pub use compose::{compose, compose_wisdom};
pub use detect::{Detection, detect};
pub use dialogue::{Dialogue, DialogueEnd, ModelRequest, Repair, Reply, Turn};
pub use policy::{CACHE_TTL, PROMPT_VERSION, cache_key, max_model_calls, max_tokens};
pub use prompt::{Brevity, Prompt, prompt, repair_request};
pub use request::{RequestText, TextError};
pub use shelf::{MAX_CANDIDATES, Shelf, ShelfError, Verse};
pub use text::grapheme_count;
pub(crate) use text::{clean_line, clean_paragraphs};
