//! Email addresses of contacts.

use confab_core::{Error, Private, Result};
use serde::{Deserialize, Serialize};

use crate::plain_text::clean_line;

const MAX_EMAIL_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;

/// An address that a message can be sent to. The domain is in lower case; the local part keeps its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContactEmail(Private<String>);

impl ContactEmail {
    pub fn parse(text: &str) -> Result<Self> {
        Self::normalize(text)
            .ok_or_else(|| Error::invalid("bad_email", "This does not look like an email address."))
    }

    /// Finds the first address in a text, such as "Sure, it is dana@shop.example."
    pub fn find(text: &str) -> Option<Self> {
        let is_edge = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '_' | '-'));
        text.split_whitespace()
            .find_map(|word| Self::normalize(word.trim_matches(is_edge)))
    }

    fn normalize(text: &str) -> Option<Self> {
        let text = clean_line(text);
        let (local, domain) = text.rsplit_once('@')?;
        let is_local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
        let has_dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        if local.is_empty()
            || local.len() > MAX_LOCAL_BYTES
            || has_dots
            || !local.bytes().all(is_local)
        {
            return None;
        }
        let labels: Vec<_> = domain.split('.').collect();
        let is_label = |label: &&str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
        let is_domain = labels.len() >= 2
            && labels.iter().all(is_label)
            && labels
                .last()
                .is_some_and(|label| label.len() >= 2 && !is_number(label));
        let email = format!("{local}@{}", domain.to_ascii_lowercase());
        (is_domain && email.len() <= MAX_EMAIL_BYTES).then(|| Self(email.into()))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the form in which addresses are compared. Mail servers ignore the case of the local part.
    pub fn comparable(&self) -> String {
        self.as_str().to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalized() {
        let email = |text| ContactEmail::parse(text).unwrap();
        assert_eq!(
            email(" Dana.B+x@Shop.EXAMPLE ").as_str(),
            "Dana.B+x@shop.example"
        );
        assert_eq!(
            email("DANA@shop.example").comparable(),
            email("dana@shop.example").comparable()
        );
        assert_eq!(
            format!("{:?}", email("a@b.example")),
            "ContactEmail(<11 chars>)"
        );
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in [
            "",
            "dana",
            "@shop.example",
            "dana@",
            "dana@shop",
            "dana@-shop.example",
            "dana@shop..example",
            "da na@shop.example",
            "dana@shop.example\nbcc: x@y.example",
            "<dana@shop.example>",
            ".dana@shop.example",
            "dana@127.0.0.1",
            "dana@shop.e",
            &format!("{}@shop.example", "x".repeat(65)),
            &format!("d@{}.example", "x.".repeat(130)),
        ] {
            assert_eq!(
                ContactEmail::parse(text).unwrap_err().code(),
                "bad_email",
                "{text}"
            );
        }
    }

    #[test]
    fn addresses_are_found_in_sentences() {
        let found = |text| ContactEmail::find(text).map(|email| email.as_str().to_owned());
        assert_eq!(
            found("Sure, it is dana@shop.example."),
            Some("dana@shop.example".into())
        );
        assert_eq!(
            found("(<Dana@Shop.example>)"),
            Some("Dana@shop.example".into())
        );
        assert_eq!(found("call me @dana"), None);
        assert_eq!(found(""), None);
    }
}
