//! What slides say.

use serde::{Deserialize, Serialize};

use crate::{
    Language,
    content::{clean_line, clean_paragraphs, grapheme_count},
};

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

/// A person's words for one slide, cleaned and within bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlideText {
    pub title: String,
    pub body: String,
}

/// Why words cannot be put on a slide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlideTextError {
    NoTitle,
    TitleTooLong { length: usize },
    BodyTooLong { length: usize },
}

impl SlideText {
    pub fn new(title: &str, body: &str) -> Result<Self, SlideTextError> {
        let (title, body) = (clean_line(title), clean_paragraphs(body));
        match (grapheme_count(&title), grapheme_count(&body)) {
            (0, _) => Err(SlideTextError::NoTitle),
            (length, _) if length > MAX_TITLE => Err(SlideTextError::TitleTooLong { length }),
            (_, length) if length > MAX_BODY => Err(SlideTextError::BodyTooLong { length }),
            _ => Ok(Self { title, body }),
        }
    }
}

impl Slide {
    /// Reads words for this slide. The words of a quotation may be longer than those of people.
    pub fn read_text(&self, title: &str, body: &str) -> Result<SlideText, SlideTextError> {
        if self.kind != SlideKind::Quote || body != self.body {
            return SlideText::new(title, body);
        }
        let text = SlideText::new(title, "")?;
        Ok(SlideText {
            body: body.to_owned(),
            ..text
        })
    }

    /// Gives the slide a person's words. A quotation with other words becomes a slide of another
    /// kind: only verses of the shelf are quotes.
    pub fn with_text(mut self, text: &SlideText) -> Self {
        if self.kind == SlideKind::Quote && self.body != text.body {
            self.kind = SlideKind::Principle;
            self.source = None;
        }
        self.title.clone_from(&text.title);
        self.body.clone_from(&text.body);
        self.alt = format!("{}\n{}", text.title, text.body).trim().to_owned();
        self
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotation_keeps_its_source_while_its_words_stay_and_may_be_longer() {
        let quote = Slide {
            kind: SlideKind::Quote,
            kicker: String::new(),
            title: "Rest".into(),
            body: "x".repeat(MAX_VERSE),
            source: Some("Psalm 23:2".into()),
            alt: "verse".into(),
        };
        let kept = quote.read_text("Rest well", &quote.body).unwrap();
        let slide = quote.clone().with_text(&kept);
        assert_eq!(
            (slide.kind, slide.source.as_deref()),
            (SlideKind::Quote, Some("Psalm 23:2"))
        );
        assert_eq!(slide.title, "Rest well");
        let other = quote.read_text("Rest well", "Mine").unwrap();
        let slide = quote.clone().with_text(&other);
        assert_eq!((slide.kind, slide.source), (SlideKind::Principle, None));
        let too_long = SlideTextError::BodyTooLong { length: 221 };
        assert_eq!(quote.read_text("Rest", &"y".repeat(221)), Err(too_long));
    }
}
