//! Jobs for the writer and the renderer, and what they report back.

use confab_core::{Private, Timestamp, hex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{CarouselId, Draft, Language, Look, Slide};

/// What a carousel is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", content = "text", rename_all = "snake_case")]
pub enum Source {
    Topic(Private<String>),
    /// The person's own text, which the slides retell.
    Text(Private<String>),
    /// A verse of the shelf, about a topic if there is one.
    Wisdom(Option<Private<String>>),
}

impl Source {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Topic(_) => "topic",
            Self::Text(_) => "text",
            Self::Wisdom(_) => "wisdom",
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Topic(text) | Self::Text(text) | Self::Wisdom(Some(text)) => Some(text.as_str()),
            Self::Wisdom(None) => None,
        }
    }
}

/// What the writer is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum WriteTask {
    Deck {
        /// Titles that the person has seen and did not want.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_these: Vec<String>,
    },
    Slide {
        number: u8,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_these: Vec<String>,
    },
}

/// Texts to write. The key is the same in every attempt at a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteJob {
    pub key: String,
    pub carousel: CarouselId,
    /// The queue group that the result goes to.
    pub chat: String,
    pub owner: String,
    pub revision: u32,
    pub source: Source,
    pub language: Language,
    pub count: u8,
    pub task: WriteTask,
    /// The slides around the one to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// Does not call the model: it did not answer in time.
    pub is_composer_only: bool,
}

/// Everything that decides the pixels of a slide, besides the renderer itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub slide: Slide,
    /// Counts from 1.
    pub number: u8,
    pub total: u8,
    pub language: Language,
    pub look: Look,
    /// The slides as they were written. The common text size is measured on these, so that an
    /// edited slide leaves the pixels of the others alone.
    pub written: Vec<Slide>,
}

/// Names the templates, fonts and code that slides are drawn with. The slides' own test says what it must be.
pub const RENDERER_VERSION: &str = "2f23c097af551d3f";

/// Returns the content hash of a page: the name of its files.
///
/// The hash is computed here, by a pure function that knows the renderer by its version (templates,
/// fonts and code), and is not asked from the renderer. A planning job would add a round trip to
/// every revision and a state in which it is unknown what is missing, and the saga must know which
/// slides have files before it sends a job. It can, because a page holds all that decides its
/// pixels; what has to be measured, the common text size, is a function of `written`.
pub fn page_hash(renderer_version: &str, page: &Page) -> String {
    let canonical = match serde_json::to_vec(&(renderer_version, page)) {
        Ok(canonical) => canonical,
        // Structs of texts and numbers always serialize.
        Err(error) => error.to_string().into_bytes(),
    };
    hex(&Sha256::digest(canonical))
}

/// A slide to draw. The hash names the job and the files, so that copies write the same bytes to
/// the same keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenderJob {
    pub carousel: CarouselId,
    /// The queue group that the result goes to.
    pub chat: String,
    pub owner: String,
    pub revision: u32,
    pub hash: String,
    pub page: Page,
}

/// A document of all slides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PdfJob {
    pub carousel: CarouselId,
    /// The queue group that the result goes to.
    pub chat: String,
    pub owner: String,
    pub revision: u32,
    pub title: String,
    pub language: Language,
    pub look: Look,
    pub slides: Vec<Slide>,
    pub written: Vec<Slide>,
}

/// Why the composer wrote, and not the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComposedReason {
    /// A verse of the shelf needs no model.
    NotNeeded,
    /// No model is configured.
    NoModel,
    /// The money for the model is spent.
    Budget,
    /// The model did not answer, or not in time.
    Unavailable,
    /// The model's answers broke the rules.
    Unusable,
}

impl ComposedReason {
    pub fn name(self) -> &'static str {
        match self {
            Self::NotNeeded => "not_needed",
            Self::NoModel => "no_model",
            Self::Budget => "budget",
            Self::Unavailable => "unavailable",
            Self::Unusable => "unusable",
        }
    }
}

/// What the writer reports. Texts without a reason are the model's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum WriteResult {
    Deck {
        draft: Draft,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        composed: Option<ComposedReason>,
    },
    Slide {
        slide: Slide,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        composed: Option<ComposedReason>,
    },
    /// The model or the moderation refused the topic. Asking again does not help.
    Refused,
    /// Nothing usable came back.
    Failed,
}

/// The files of a slide, by object key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlideFile {
    pub jpg: String,
    pub png: String,
    /// Bytes of both.
    pub bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_at: Option<Timestamp>,
    /// Telegram's name of the photo: sending it again uploads nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_id: Option<String>,
    /// Telegram's name of the master as a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PdfFile {
    pub revision: u32,
    pub object: String,
    pub bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
}
