//! Cleaning and cutting of texts.

use carousel_domain::Slide;
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation as _;

const ELLIPSIS: char = '…';

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    Title,
    Body,
}

/// A text that did not fit, for telling the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    pub field: Field,
    /// What is not on the slide.
    pub text: String,
}

/// Removes what has no place on a slide: controls, marks that change the direction of what follows, repeated spaces,
/// and the characters in `without`.
pub(crate) fn clean(text: &str, without: &[char], keep_lines: bool) -> String {
    let allowed = |character: &char| {
        let is_override = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_control = character.is_control() && !character.is_whitespace();
        !is_override && !is_control && !without.contains(character)
    };
    let kept: String = text.chars().filter(allowed).collect();
    let lines = kept.split(['\n', '\r', '\u{2028}', '\u{2029}']);
    let lines: Vec<String> = lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(if keep_lines { "\n" } else { " " })
}

pub(crate) fn clean_slide(slide: &Slide, without: &[char]) -> Slide {
    Slide {
        kind: slide.kind,
        kicker: clean(&slide.kicker, without, false),
        title: clean(&slide.title, without, false),
        body: clean(&slide.body, without, true),
        source: slide
            .source
            .as_deref()
            .map(|source| clean(source, without, false)),
        alt: slide.alt.clone(),
    }
}

/// Returns shorter versions of a text, longest first: whole sentences, then words of the first sentence.
pub(crate) fn shorter_versions(text: &str) -> Vec<String> {
    let end = |(at, piece): (usize, &str)| at + piece.len();
    let sentences: Vec<usize> = text.split_sentence_bound_indices().map(end).collect();
    let first_sentence = sentences.first().map_or(text, |end| &text[..*end]);
    let whole = sentences
        .iter()
        .rev()
        .skip(1)
        .map(|end| text[..*end].trim_end().to_owned());
    let mut words: Vec<usize> = first_sentence.unicode_word_indices().map(end).collect();
    if words.len() < 2 {
        words = first_sentence.grapheme_indices(true).map(end).collect();
    }
    let words = words.iter().rev().skip(1).map(|end| {
        let mut version = first_sentence[..*end].trim_end().to_owned();
        version.push(ELLIPSIS);
        version
    });
    whole.chain(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_removes_controls_overrides_and_spaces() {
        let cleaned = clean("  a\u{202e}b\u{7}  c\n\n d ", &['d'], true);
        assert_eq!(cleaned, "ab c");
        assert_eq!(clean("a\nb", &[], true), "a\nb");
        assert_eq!(clean("a\nb", &[], false), "a b");
    }

    #[test]
    fn clean_keeps_joiners_of_emoji_and_persian() {
        let text = "می‌خواهم 👩‍💻 ❤️";
        assert_eq!(clean(text, &[], false), text);
    }

    #[test]
    fn shorter_versions_end_at_sentences_then_words() {
        let versions = shorter_versions("One step. Two steps now. Three.");
        assert_eq!(versions, ["One step. Two steps now.", "One step.", "One…"]);
    }

    #[test]
    fn shorter_versions_of_one_word_end_at_graphemes() {
        assert_eq!(
            shorter_versions("שָׁלוֹם").first().map(String::as_str),
            Some("שָׁלוֹ…")
        );
        assert!(shorter_versions("").is_empty());
    }
}
