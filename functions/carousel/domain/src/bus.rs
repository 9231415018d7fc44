//! Events on the bus, as effects of a decision.

use confab_contracts::{
    Contract,
    carousel::{
        AnalysisCompleted, Cancelled, Completed, ContentAnalyzed, ContentRequested, Delivered,
        Edited, Failed, GenerateRequested, ImagesRendered, InteractionTracked, MessageReceived,
        SlidesGenerated,
    },
};
use serde::{Deserialize, Serialize};

pub use confab_contracts::carousel::{CancelReason, Change, FailReason, Origin, Subject};

/// An event to publish. The contracts are in `confab_contracts::carousel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum CarouselEvent {
    #[serde(rename = "user.message.received")]
    MessageReceived(MessageReceived),
    #[serde(rename = "user.interaction.tracked")]
    InteractionTracked(InteractionTracked),
    #[serde(rename = "carousel.generate.requested")]
    GenerateRequested(GenerateRequested),
    #[serde(rename = "ai.content.requested")]
    ContentRequested(ContentRequested),
    #[serde(rename = "ai.analysis.completed")]
    AnalysisCompleted(AnalysisCompleted),
    #[serde(rename = "carousel.content.analyzed")]
    ContentAnalyzed(ContentAnalyzed),
    #[serde(rename = "carousel.slides.generated")]
    SlidesGenerated(SlidesGenerated),
    #[serde(rename = "carousel.images.rendered")]
    ImagesRendered(ImagesRendered),
    #[serde(rename = "carousel.delivered")]
    Delivered(Delivered),
    #[serde(rename = "carousel.completed")]
    Completed(Completed),
    #[serde(rename = "carousel.edited")]
    Edited(Edited),
    #[serde(rename = "carousel.failed")]
    Failed(Failed),
    #[serde(rename = "carousel.cancelled")]
    Cancelled(Cancelled),
}

impl CarouselEvent {
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::MessageReceived(_) => MessageReceived::TYPE,
            Self::InteractionTracked(_) => InteractionTracked::TYPE,
            Self::GenerateRequested(_) => GenerateRequested::TYPE,
            Self::ContentRequested(_) => ContentRequested::TYPE,
            Self::AnalysisCompleted(_) => AnalysisCompleted::TYPE,
            Self::ContentAnalyzed(_) => ContentAnalyzed::TYPE,
            Self::SlidesGenerated(_) => SlidesGenerated::TYPE,
            Self::ImagesRendered(_) => ImagesRendered::TYPE,
            Self::Delivered(_) => Delivered::TYPE,
            Self::Completed(_) => Completed::TYPE,
            Self::Edited(_) => Edited::TYPE,
            Self::Failed(_) => Failed::TYPE,
            Self::Cancelled(_) => Cancelled::TYPE,
        }
    }

    /// Returns the carousel that the event is about.
    pub fn subject(&self) -> Option<&Subject> {
        match self {
            Self::MessageReceived(_) | Self::InteractionTracked(_) => None,
            Self::GenerateRequested(event) => Some(&event.subject),
            Self::ContentRequested(event) => Some(&event.subject),
            Self::AnalysisCompleted(event) => Some(&event.subject),
            Self::ContentAnalyzed(event) => Some(&event.subject),
            Self::SlidesGenerated(event) => Some(&event.subject),
            Self::ImagesRendered(event) => Some(&event.subject),
            Self::Delivered(event) => Some(&event.subject),
            Self::Completed(event) => Some(&event.subject),
            Self::Edited(event) => Some(&event.subject),
            Self::Failed(event) => Some(&event.subject),
            Self::Cancelled(event) => Some(&event.subject),
        }
    }
}
