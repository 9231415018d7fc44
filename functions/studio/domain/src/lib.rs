//! The rules of the studio: who a person is to us, and what a conversation answers.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; time and ids come in.

mod conversation;
mod job;
mod language;
mod people;
mod texts;
mod user;

pub use conversation::{converse, menu};
pub use job::{Job, StatusJob, conversation_of, event_of};
pub use language::Language;
pub use people::{Alias, Lead, Link, Recognised, aliases, recognise};
pub use texts::{Texts, texts};
pub use user::User;
