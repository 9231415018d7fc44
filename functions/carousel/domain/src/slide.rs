//! What slides say.

use serde::{Deserialize, Serialize};

use crate::Language;

/// A carousel has from one to this many slides.
pub const MAX_SLIDES: usize = 15;
/// Limits of texts, in characters as people count them (grapheme clusters).
pub const MAX_TOPIC: usize = 200;
pub const MAX_SOURCE: usize = 4096;
pub const MAX_TITLE: usize = 70;
pub const MAX_BODY: usize = 220;
pub const MAX_KICKER: usize = 24;
pub const MAX_VERSE: usize = 260;
pub const MAX_CAPTION: usize = 2200;
pub const MAX_HASHTAGS: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SlideKind {
    Title,
    Principle,
    Quote,
    Concept,
    Summary,
}

/// One slide's texts. Empty texts are not set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slide {
    pub kind: SlideKind,
    pub kicker: String,
    pub title: String,
    pub body: String,
    /// Where the words of a quote are from, as it is printed below them. Only quotes have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Describes the slide to people who do not see it.
    pub alt: String,
}

/// The texts of a carousel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub language: Language,
    pub title: String,
    pub caption: String,
    /// Without `#`.
    pub hashtags: Vec<String>,
    pub slides: Vec<Slide>,
}
