//! Languages of people, bots and messages, as tags.

use confab_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// A language with an optional script and region: `he`, `pt-BR`, `zh-Hant-TW`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LanguageTag(String);

#[cfg(feature = "contract")]
confab_core::describe_as_string!(
    LanguageTag,
    "^[A-Za-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?$"
);

impl LanguageTag {
    /// Parses the part of BCP 47 that people use, in any case, and writes it in the usual one.
    pub fn parse(text: &str) -> Result<Self> {
        Self::normalize(text).ok_or_else(|| {
            Error::invalid("bad_language", "A language is a tag such as en or pt-BR.")
        })
    }

    fn normalize(text: &str) -> Option<Self> {
        let mut parts = text.split(['-', '_']);
        let language = parts.next()?;
        if !is_letters(language, 2) && !is_letters(language, 3) {
            return None;
        }
        let mut tag = language.to_ascii_lowercase();
        let mut next = parts.next();
        if let Some(script) = next.filter(|part| is_letters(part, 4)) {
            tag.push('-');
            tag.push_str(&script[..1].to_ascii_uppercase());
            tag.push_str(&script[1..].to_ascii_lowercase());
            next = parts.next();
        }
        if let Some(region) = next {
            let is_number = region.len() == 3 && region.bytes().all(|b| b.is_ascii_digit());
            if !is_letters(region, 2) && !is_number {
                return None;
            }
            tag.push('-');
            tag.push_str(&region.to_ascii_uppercase());
        }
        parts.next().is_none().then_some(Self(tag))
    }

    /// English, which all built-in texts have.
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

    /// Returns the language without script and region.
    pub(crate) fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

fn is_letters(part: &str, count: usize) -> bool {
    part.len() == count && part.bytes().all(|b| b.is_ascii_alphabetic())
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_are_normalized() {
        for (text, tag) in [
            ("EN", "en"),
            ("pt_br", "pt-BR"),
            ("ZH-hANT-tw", "zh-Hant-TW"),
            ("sr-Latn", "sr-Latn"),
            ("es-419", "es-419"),
            ("fil", "fil"),
        ] {
            assert_eq!(LanguageTag::parse(text).unwrap().as_str(), tag);
        }
        for odd in [
            "", "e", "english", "en-", "-US", "en-usa", "en-US-x", "en-U1", "e1", "日本", "ён",
            "en us",
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
        assert!(tag("zh-Hant-TW").is_same_language(&tag("zh")));
        assert!(!tag("pt").is_same_language(&tag("pl")));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser(text in ".{0,20}") {
            if let Ok(tag) = LanguageTag::parse(&text) {
                prop_assert_eq!(LanguageTag::parse(tag.as_str()).unwrap(), tag);
            }
        }
    }
}
