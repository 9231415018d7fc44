//! The rules of the studio: who a person is to us, and what a conversation answers.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; time and ids come in.

mod conversation;
mod job;
mod language;
mod texts;
mod user;

pub use conversation::{converse, menu};
pub use job::{Job, conversation_of, event_of, status_group_of};
pub use language::Language;
pub use texts::{Texts, texts};
pub use user::User;
