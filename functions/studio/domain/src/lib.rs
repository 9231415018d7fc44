//! The studio's rules: who a user is, what a conversation answers, and how long data is kept.
//!
//! Architecture invariant: pure. No AWS, no network, no clock; time and ids are arguments.

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
    Cleanup, CleanupDueEvent, CleanupJob, CleanupStep, StoredImage, is_model_expired,
};
pub use conversation::{AwaitedReply, Conversation, Model, Stage};
pub use identity::{Alias, AliasTarget, AliasUpdate, ResolvedIdentity, aliases, resolve_identity};
pub use job::{
    EraseJob, GenerationJob, GenerationTask, Job, PRODUCT, PackJob, PackTask, PaymentChange,
    PaymentEvent, PhotoJob, StatusJob, conversation_key, inbox_id,
};
pub use language::Language;
pub use order::{Order, OrderStatus, Source};
pub use pack::{Catalog, Pack, Tier};
pub use photo::{Class, Photo, PhotoInspection, Photos, RejectionReason, Verdict};
pub use replies::object_key;
pub use texts::{Texts, texts};
pub use turn::{Action, FACE_TTL, Image, Trigger, TurnContext, decide};
pub use user::User;
