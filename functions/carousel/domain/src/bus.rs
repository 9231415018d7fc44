//! Events of carousels on the bus. They carry ids, counts and hashes, and never a text.

use serde::{Deserialize, Serialize};

use crate::{CarouselId, Format, Language, Template};

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub carousel: CarouselId,
    pub revision: u32,
    pub owner: String,
}

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

/// An event on the bus. The names are those of the seed, letter by letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum CarouselEvent {
    #[serde(rename = "user.message.received")]
    MessageReceived { owner: String, kind: String },
    #[serde(rename = "user.interaction.tracked")]
    InteractionTracked { owner: String, action: String },
    #[serde(rename = "carousel.generate.requested")]
    GenerateRequested {
        subject: Subject,
        origin: Origin,
        source: String,
        language: Language,
        template: Template,
        format: Format,
        slides: u8,
    },
    #[serde(rename = "ai.content.requested")]
    ContentRequested { subject: Subject, slides: u8 },
    #[serde(rename = "ai.analysis.completed")]
    AnalysisCompleted {
        subject: Subject,
        is_composed: bool,
        millis: u64,
    },
    #[serde(rename = "carousel.content.analyzed")]
    ContentAnalyzed {
        subject: Subject,
        language: Language,
        slides: u8,
    },
    #[serde(rename = "carousel.slides.generated")]
    SlidesGenerated {
        subject: Subject,
        hashes: Vec<String>,
    },
    #[serde(rename = "carousel.images.rendered")]
    ImagesRendered {
        subject: Subject,
        rendered: u8,
        /// Slides that had a file before.
        reused: u8,
        /// Until the first new slide and until all.
        first_millis: u64,
        millis: u64,
    },
    #[serde(rename = "carousel.delivered")]
    Delivered { subject: Subject, millis: u64 },
    #[serde(rename = "carousel.completed")]
    Completed {
        subject: Subject,
        origin: Origin,
        language: Language,
        template: Template,
        slides: u8,
        micros: u64,
        millis: u64,
    },
    #[serde(rename = "carousel.edited")]
    Edited {
        subject: Subject,
        change: Change,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slide: Option<u8>,
    },
    #[serde(rename = "carousel.failed")]
    Failed {
        subject: Subject,
        reason: FailReason,
    },
    #[serde(rename = "carousel.cancelled")]
    Cancelled {
        subject: Subject,
        reason: CancelReason,
    },
}

impl CarouselEvent {
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::MessageReceived { .. } => "user.message.received",
            Self::InteractionTracked { .. } => "user.interaction.tracked",
            Self::GenerateRequested { .. } => "carousel.generate.requested",
            Self::ContentRequested { .. } => "ai.content.requested",
            Self::AnalysisCompleted { .. } => "ai.analysis.completed",
            Self::ContentAnalyzed { .. } => "carousel.content.analyzed",
            Self::SlidesGenerated { .. } => "carousel.slides.generated",
            Self::ImagesRendered { .. } => "carousel.images.rendered",
            Self::Delivered { .. } => "carousel.delivered",
            Self::Completed { .. } => "carousel.completed",
            Self::Edited { .. } => "carousel.edited",
            Self::Failed { .. } => "carousel.failed",
            Self::Cancelled { .. } => "carousel.cancelled",
        }
    }
}
