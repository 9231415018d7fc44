//! The rules of the studio: who a person is to us, and what a conversation answers.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; time and ids come in.

mod cleanup;
mod job;
mod language;
mod machine;
mod order;
mod pack;
mod people;
mod photo;
mod say;
mod texts;
mod user;
mod visit;
mod wish;

pub use cleanup::{
    Cleanup, CleanupJob, Due as CleanupDueNews, Kept, MODELS_KEPT, Step as CleanupStep,
};
pub use job::{
    EraseJob, Job, MakeJob, MakeTask, PRODUCT, PackJob, PackTask, PaymentNews, PhotoJob, StatusJob,
    Told, conversation_of, event_of,
};
pub use language::Language;
pub use machine::{Action, Event, Image, Surroundings, attend};
pub use order::{Order, Source, Step};
pub use pack::{Pack, Shelf, Tier};
pub use people::{Alias, Lead, Link, Recognised, aliases, recognise};
pub use photo::{Class, Fault, Photo, Photos, Seen, Verdict};
pub use say::object_of;
pub use texts::{Texts, texts};
pub use user::User;
pub use visit::{Asked, Model, Stage, Visit};
