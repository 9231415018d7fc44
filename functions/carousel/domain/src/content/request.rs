//! What a person asks for: a topic or a text of their own, cleaned and within bounds.

use confab_core::Private;
use serde::{Deserialize, Serialize};

use super::text::{MAX_GRAPHEME_CHARS, clean_line, clean_paragraphs, grapheme_count};
use crate::{MAX_SOURCE, MAX_TOPIC};

/// Why a text cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextError {
    /// Nothing visible is in it.
    Empty,
    /// In graphemes, or in code points of a text that is too long to be counted.
    TooLong { length: usize, limit: usize },
}

/// What slides are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "text", rename_all = "snake_case")]
pub enum RequestText {
    /// One line.
    Topic(Private<String>),
    /// A person's own text, which the slides retell.
    Text(Private<String>),
}

impl RequestText {
    pub fn topic(text: &str) -> Result<Self, TextError> {
        Ok(Self::Topic(bounded(text, MAX_TOPIC, clean_line)?.into()))
    }

    pub fn text(text: &str) -> Result<Self, TextError> {
        Ok(Self::Text(
            bounded(text, MAX_SOURCE, clean_paragraphs)?.into(),
        ))
    }

    pub fn into_inner(self) -> Private<String> {
        match self {
            Self::Topic(text) | Self::Text(text) => text,
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Topic(text) | Self::Text(text) => text.as_str(),
        }
    }
}

/// Cleans a text. Texts that cannot be within the limit are not even read.
fn bounded(text: &str, limit: usize, clean: fn(&str) -> String) -> Result<String, TextError> {
    let too_long = |length| TextError::TooLong { length, limit };
    let chars = text.chars().count();
    if chars > limit * MAX_GRAPHEME_CHARS {
        return Err(too_long(chars));
    }
    let cleaned = clean(text);
    let length = grapheme_count(&cleaned);
    match length {
        0 => Err(TextError::Empty),
        length if length > limit => Err(too_long(length)),
        _ => Ok(cleaned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_counted_in_graphemes_up_to_the_limit() {
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        assert!(RequestText::topic(&family.repeat(MAX_TOPIC)).is_ok());
        let too_long = TextError::TooLong {
            length: MAX_TOPIC + 1,
            limit: MAX_TOPIC,
        };
        assert_eq!(
            RequestText::topic(&family.repeat(MAX_TOPIC + 1)),
            Err(too_long)
        );
        assert!(RequestText::text(&family.repeat(MAX_SOURCE)).is_ok());
        assert!(RequestText::text(&family.repeat(MAX_SOURCE + 1)).is_err());
        assert!(RequestText::topic(&"x".repeat(10_000_000)).is_err());
    }

    #[test]
    fn invisible_topics_are_empty() {
        for text in [
            "",
            " \n\t",
            "\u{200b}\u{202e}\u{2066}",
            "\u{200d}\u{200d}",
            "\u{e0041}\u{3164}",
        ] {
            assert_eq!(RequestText::topic(text), Err(TextError::Empty), "{text:?}");
            assert_eq!(RequestText::text(text), Err(TextError::Empty), "{text:?}");
        }
    }

    #[test]
    fn topics_are_one_line_and_texts_keep_their_paragraphs() {
        let words = " small \r\n\r\n\r\n habits\u{2028}that  stick ";
        assert_eq!(
            RequestText::topic(words).unwrap().as_str(),
            "small habits that stick"
        );
        assert_eq!(
            RequestText::text(words).unwrap().as_str(),
            "small\n\nhabits\nthat stick"
        );
    }
}
