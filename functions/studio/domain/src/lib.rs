//! The rules of the studio: who a person is to us, and what a conversation answers.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; time and ids come in.

mod cleanup;
mod conversation;
mod identity;
mod intent;
mod job;
mod language;
mod order;
mod pack;
mod photo;
mod replies;
mod texts;
mod turn;
mod user;

pub use cleanup::{
    Cleanup, CleanupJob, Due as CleanupDueNews, Kept, MODELS_KEPT, Step as CleanupStep,
};
pub use conversation::{Asked, Model, Stage, Visit};
pub use identity::{Alias, Lead, Link, Recognised, aliases, recognise};
pub use job::{
    EraseJob, Job, MakeJob, MakeTask, PRODUCT, PackJob, PackTask, PaymentNews, PhotoJob, StatusJob,
    Told, conversation_of, event_of,
};
pub use language::Language;
pub use order::{Order, Source, Step};
pub use pack::{Pack, Shelf, Tier};
pub use photo::{Class, Fault, Photo, Photos, Seen, Verdict};
pub use replies::object_of;
pub use texts::{Texts, texts};
pub use turn::{Action, Event, Image, Surroundings, attend};
pub use user::User;
