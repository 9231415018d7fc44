//! Slugs: the names of tenants in addresses.

use std::fmt;

use confab_core::{Entropy, Error, Result};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

const MIN_SLUG_LETTERS: usize = 3;
pub const MAX_SLUG_LETTERS: usize = 40;
/// Letters of a random ending, with the hyphen before it.
const ENDING_LETTERS: usize = 7;
const FALLBACK: &str = "desk";
/// Names that would be taken for a part of the product or for its operator.
const RESERVED: [&str; 30] = [
    "abuse",
    "account",
    "admin",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "blog",
    "cdn",
    "confab",
    "dashboard",
    "desk",
    "docs",
    "health",
    "help",
    "login",
    "mail",
    "official",
    "platform",
    "root",
    "security",
    "signup",
    "sso",
    "static",
    "status",
    "support",
    "system",
    "widget",
    "www",
];

/// 3 to 40 lowercase letters, digits and single hyphens. It begins with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slug(String);

#[cfg(feature = "contract")]
confab_core::describe_as_string!(Slug, "^[a-z][a-z0-9-]{2,39}$");

impl Slug {
    pub fn parse(text: &str) -> Result<Self> {
        if !is_well_formed(text) {
            let message = format!(
                "An address name has {MIN_SLUG_LETTERS} to {MAX_SLUG_LETTERS} lowercase letters, digits \
                 and single hyphens, and begins with a letter."
            );
            return Err(Error::invalid("bad_slug", message));
        }
        if RESERVED.contains(&text) {
            return Err(Error::conflict("slug_taken", "This address name is taken."));
        }
        Ok(Self(text.to_owned()))
    }

    /// Suggests a slug for a tenant's name. It may be taken.
    pub fn suggest(name: &str) -> Self {
        let letters = letters_of(name);
        let kept = &letters[..letters.len().min(MAX_SLUG_LETTERS - ENDING_LETTERS)];
        let kept = kept.trim_matches('-');
        Self::parse(kept).unwrap_or_else(|_| {
            let text = format!("{FALLBACK}-{kept}");
            Self(text.trim_end_matches('-').to_owned())
        })
    }

    /// Suggests another slug when this one is taken or reserved.
    #[must_use]
    pub fn with_random_ending(&self, entropy: &dyn Entropy) -> Self {
        const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";
        let kept = &self.0[..self.0.len().min(MAX_SLUG_LETTERS - ENDING_LETTERS)];
        let drawn = entropy.bytes();
        let ending = drawn[..ENDING_LETTERS - 1]
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
        let ending: String = ending.collect();
        Self(format!("{}-{ending}", kept.trim_end_matches('-')))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_well_formed(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (MIN_SLUG_LETTERS..=MAX_SLUG_LETTERS).contains(&text.len())
        && text.bytes().all(is_allowed)
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
}

/// Returns the Latin letters and digits of a name, with single hyphens for what is between them.
fn letters_of(name: &str) -> String {
    let mut letters = String::new();
    for c in name.chars().take(200).nfkd() {
        if c.is_ascii_alphanumeric() {
            letters.push(c.to_ascii_lowercase());
        } else if !letters.ends_with('-') && (c.is_whitespace() || c.is_ascii_punctuation()) {
            letters.push('-');
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slugs_of_another_form_or_reserved_are_refused() {
        for good in ["abc", "shop-1", "a1b", &"a".repeat(40)] {
            assert_eq!(Slug::parse(good).unwrap().as_str(), good);
        }
        for odd in [
            "",
            "ab",
            "1ab",
            "-ab",
            "ab-",
            "a--b",
            "Shop",
            "my shop",
            "münchen",
            "a_b",
            "xn--a",
            &"a".repeat(41),
        ] {
            assert_eq!(Slug::parse(odd).unwrap_err().code(), "bad_slug", "{odd}");
        }
        for reserved in RESERVED {
            assert_eq!(
                Slug::parse(reserved).unwrap_err().code(),
                "slug_taken",
                "{reserved}"
            );
        }
    }

    #[test]
    fn slugs_are_suggested_from_names() {
        for (name, expected) in [
            ("Dana's Flower Shop", "dana-s-flower-shop"),
            ("  Café — Zürich  ", "cafe-zurich"),
            ("7-Eleven", "desk-7-eleven"),
            ("Support", "desk-support"),
            ("מאפייה", "desk"),
            ("", "desk"),
        ] {
            assert_eq!(Slug::suggest(name).as_str(), expected, "{name}");
        }
    }

    #[test]
    fn taken_slugs_get_a_random_ending() {
        let slug = Slug::suggest("Flowers").with_random_ending(&|| [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(slug.as_str(), "flowers-abcdef");
        let long = Slug::parse(&"a".repeat(40)).unwrap();
        assert_eq!(long.with_random_ending(&|| [31; 10]).as_str().len(), 40);
    }

    proptest! {
        #[test]
        fn suggestions_with_an_ending_are_valid(name in ".{0,60}", bytes: [u8; 10]) {
            let suggested = Slug::suggest(&name);
            prop_assert!(is_well_formed(suggested.as_str()), "{}", suggested);
            let other = suggested.with_random_ending(&|| bytes);
            prop_assert_eq!(Slug::parse(other.as_str()).unwrap(), other);
        }
    }
}
