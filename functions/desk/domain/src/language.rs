//! Languages of bots and messages, as tags.

use confab_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// A language with an optional region, such as `en` or `pt-BR`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanguageTag(String);

impl LanguageTag {
    /// Parses a tag in any case.
    pub fn parse(text: &str) -> Result<Self> {
        Self::normalize(text).ok_or_else(|| {
            Error::invalid("bad_language", "A language is a tag such as en or pt-BR.")
        })
    }

    fn normalize(text: &str) -> Option<Self> {
        let (language, region) = match text.split_once(['-', '_']) {
            Some((language, region)) => (language, Some(region)),
            None => (text, None),
        };
        let is_letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
        if !(2..=3).contains(&language.len()) || !is_letters(language) {
            return None;
        }
        let mut tag = language.to_ascii_lowercase();
        if let Some(region) = region {
            let is_number = region.len() == 3 && region.bytes().all(|b| b.is_ascii_digit());
            if !is_number && (region.len() != 2 || !is_letters(region)) {
                return None;
            }
            tag.push('-');
            tag.push_str(&region.to_ascii_uppercase());
        }
        Some(Self(tag))
    }

    /// English, the language of built-in texts.
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both tags are of one language, whatever the region.
    pub fn is_same_language(&self, other: &Self) -> bool {
        self.primary() == other.primary()
    }

    fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

impl TryFrom<String> for LanguageTag {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::normalize(&text).ok_or("a language tag such as en or pt-BR is expected")
    }
}

impl From<LanguageTag> for String {
    fn from(tag: LanguageTag) -> Self {
        tag.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_normalized() {
        for (text, tag) in [
            ("EN", "en"),
            ("pt_br", "pt-BR"),
            ("es-419", "es-419"),
            ("fil", "fil"),
        ] {
            assert_eq!(LanguageTag::parse(text).unwrap().as_str(), tag);
        }
        for odd in [
            "", "e", "english", "en-", "en-usa", "en-US-x", "ён", "en us",
        ] {
            assert_eq!(
                LanguageTag::parse(odd).unwrap_err().code(),
                "bad_language",
                "{odd}"
            );
        }
    }

    #[test]
    fn regions_of_a_language_are_the_same_language() {
        let tag = |text| LanguageTag::parse(text).unwrap();
        assert!(tag("pt-BR").is_same_language(&tag("pt")));
        assert!(!tag("pt").is_same_language(&tag("pl")));
    }
}
