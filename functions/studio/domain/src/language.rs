//! Languages of the studio, and their detection.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "he")]
    Hebrew,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Hebrew];

    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Hebrew => "he",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.code() == code)
    }

    /// Detects the language of a text by its letters. `None` for a tie, such as no letters.
    pub fn of(text: &str) -> Option<Self> {
        let hebrew = text
            .chars()
            .filter(|c| ('\u{0590}'..='\u{05FF}').contains(c))
            .count();
        let latin = text.chars().filter(char::is_ascii_alphabetic).count();
        match hebrew.cmp(&latin) {
            std::cmp::Ordering::Greater => Some(Self::Hebrew),
            std::cmp::Ordering::Less => Some(Self::English),
            std::cmp::Ordering::Equal => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_is_detected_by_letters_and_not_by_punctuation() {
        assert_eq!(Language::of("שלום!"), Some(Language::Hebrew));
        assert_eq!(Language::of("hi there"), Some(Language::English));
        assert_eq!(Language::of("👋 123"), None);
    }
}
