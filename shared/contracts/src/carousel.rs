//! Events of carousels. They carry ids, counts and hashes, and never a text. Their types are those that earlier
//! subscribers know, with dots.

use serde::{Deserialize, Serialize};

use crate::Contract;

/// The carousel that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub carousel: String,
    pub revision: u32,
    /// Who asked for it.
    pub owner: String,
}

/// Where a carousel was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Message,
    Page,
    Series,
    Test,
}

/// Why a carousel or a change of it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    /// The topic is one that we do not write about.
    Refused,
    Writing,
    Rendering,
    /// Telegram refused the slides.
    Delivery,
    /// The person never said whether the slides arrived.
    Unconfirmed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    Person,
    Unreachable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Slide,
    Template,
    Format,
    Brand,
    Again,
    SlideAgain,
}

/// A person wrote to the bot or tapped a button there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReceived {
    pub owner: String,
    /// Such as `text`, `photo` or `tap`.
    pub kind: String,
}

impl Contract for MessageReceived {
    const TYPE: &'static str = "user.message.received";
    const VERSION: u16 = 1;
}

/// A person tapped a button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InteractionTracked {
    pub owner: String,
    pub action: String,
}

impl Contract for InteractionTracked {
    const TYPE: &'static str = "user.interaction.tracked";
    const VERSION: u16 = 1;
}

/// A carousel was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerateRequested {
    pub subject: Subject,
    pub origin: Origin,
    /// `topic`, `text` or `wisdom`.
    pub source: String,
    pub language: String,
    pub template: String,
    pub format: String,
    pub slides: u8,
}

impl Contract for GenerateRequested {
    const TYPE: &'static str = "carousel.generate.requested";
    const VERSION: u16 = 1;
}

/// Texts were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentRequested {
    pub subject: Subject,
    pub slides: u8,
}

impl Contract for ContentRequested {
    const TYPE: &'static str = "ai.content.requested";
    const VERSION: u16 = 1;
}

/// The writer answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisCompleted {
    pub subject: Subject,
    /// Written without a model.
    pub is_composed: bool,
    /// Since the request.
    pub millis: u64,
}

impl Contract for AnalysisCompleted {
    const TYPE: &'static str = "ai.analysis.completed";
    const VERSION: u16 = 1;
}

/// The texts were accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentAnalyzed {
    pub subject: Subject,
    pub language: String,
    pub slides: u8,
}

impl Contract for ContentAnalyzed {
    const TYPE: &'static str = "carousel.content.analyzed";
    const VERSION: u16 = 1;
}

/// The slides have their texts and look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlidesGenerated {
    pub subject: Subject,
    /// Content hashes of the slides, in order.
    pub hashes: Vec<String>,
}

impl Contract for SlidesGenerated {
    const TYPE: &'static str = "carousel.slides.generated";
    const VERSION: u16 = 1;
}

/// The last missing slide was drawn: once a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagesRendered {
    pub subject: Subject,
    pub rendered: u8,
    /// Slides that had a file before.
    pub reused: u8,
    /// Until the first new slide.
    pub first_millis: u64,
    /// Until all.
    pub millis: u64,
}

impl Contract for ImagesRendered {
    const TYPE: &'static str = "carousel.images.rendered";
    const VERSION: u16 = 1;
}

/// The slides are in the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    pub subject: Subject,
    /// Since the last slide was drawn.
    pub millis: u64,
}

impl Contract for Delivered {
    const TYPE: &'static str = "carousel.delivered";
    const VERSION: u16 = 1;
}

/// What a carousel used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Micro-dollars.
    pub micros: u64,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub telegram_calls: u64,
}

impl Spent {
    /// Returns what was used after `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            micros: self.micros.saturating_sub(earlier.micros),
            input_tokens: self.input_tokens.saturating_sub(earlier.input_tokens),
            cached_tokens: self.cached_tokens.saturating_sub(earlier.cached_tokens),
            output_tokens: self.output_tokens.saturating_sub(earlier.output_tokens),
            telegram_calls: self.telegram_calls.saturating_sub(earlier.telegram_calls),
        }
    }
}

/// A carousel is finished, or a change of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completed {
    pub subject: Subject,
    pub origin: Origin,
    pub language: String,
    pub template: String,
    pub slides: u8,
    /// Cost in micro-dollars, of the carousel and all its changes.
    pub micros: u64,
    /// What was used since an event told it before, so that it adds up.
    #[serde(default)]
    pub spent: Spent,
    /// Since the request.
    pub millis: u64,
}

impl Contract for Completed {
    const TYPE: &'static str = "carousel.completed";
    const VERSION: u16 = 1;
}

/// A change of a delivered carousel was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    pub subject: Subject,
    pub change: Change,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slide: Option<u8>,
}

impl Contract for Edited {
    const TYPE: &'static str = "carousel.edited";
    const VERSION: u16 = 1;
}

/// A carousel or a change of it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    pub subject: Subject,
    pub reason: FailReason,
    /// What was used since an event told it before.
    #[serde(default)]
    pub spent: Spent,
}

impl Contract for Failed {
    const TYPE: &'static str = "carousel.failed";
    const VERSION: u16 = 1;
}

/// A carousel or a change of it was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    pub subject: Subject,
    pub reason: CancelReason,
    /// What was used since an event told it before.
    #[serde(default)]
    pub spent: Spent,
}

impl Contract for Cancelled {
    const TYPE: &'static str = "carousel.cancelled";
    const VERSION: u16 = 1;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallFailure {
    /// Telegram asked us to wait.
    Limited,
    /// Telegram did not say whether it sent the message.
    Unknown,
    /// Telegram refused the call for good.
    Refused,
}

/// A call of Telegram was not answered as wished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFailed {
    pub failure: CallFailure,
}

impl Contract for CallFailed {
    const TYPE: &'static str = "telegram.call.failed";
    const VERSION: u16 = 1;
}
