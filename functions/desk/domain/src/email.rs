//! Email addresses: how they are read, and when two of them are one mailbox.
//!
//! A mailbox is found by its folded address. The local part is folded although RFC 5321 lets a server tell its cases
//! apart: no large one does, and phones capitalize the first letter. Dots and tags stay, because servers differ in
//! them. Mail goes to the spelling that is stored with the person, never to one that a form sends, so that folding
//! discloses nothing.

mod domain_name;

use std::fmt;

use confab_core::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::digest::sha256_hex;

pub use domain_name::{DomainName, DomainNameError};

/// Maximum bytes of an address, as RFC 5321 counts its path.
pub const MAX_EMAIL_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;

/// Equality is that of the spelling, so that a change of it is stored. See `is_same_mailbox`.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    spelling: String,
    folded: String,
    domain: DomainName,
}

#[cfg(feature = "contract")]
confab_core::describe_as_string!(EmailAddress, "^[^@]+@[^@]+$");

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an email address such as name@example.com is expected")]
pub struct EmailError;

impl From<EmailError> for Error {
    fn from(_: EmailError) -> Self {
        Self::invalid(
            "bad_email",
            "Enter an email address such as name@example.com.",
        )
    }
}

/// The SHA-256 of a mailbox in hexadecimal. Keys and rate limits use it, so that they hold no address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailKey(String);

impl EmailKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl EmailAddress {
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > MAX_EMAIL_BYTES * 2 {
            return Err(EmailError);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let domain = DomainName::parse(domain).map_err(|_| EmailError)?;
        let local: String = local.nfc().collect();
        let folded_local: String = local.nfc().flat_map(char::to_lowercase).nfc().collect();
        let spelling = format!("{local}@{domain}");
        let folded = format!("{folded_local}@{domain}");
        let is_short = local.len() <= MAX_LOCAL_BYTES && spelling.len() <= MAX_EMAIL_BYTES;
        if !is_short || !is_local_part(&local) {
            return Err(EmailError);
        }
        Ok(Self {
            spelling,
            folded,
            domain,
        })
    }

    /// Finds the first address in a text, such as "Sure, it is dana@shop.example."
    pub fn find(text: &str) -> Option<Self> {
        let is_edge = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '_' | '-'));
        text.split_whitespace()
            .find_map(|word| Self::parse(word.trim_matches(is_edge)).ok())
    }

    pub fn is_same_mailbox(&self, other: &Self) -> bool {
        self.folded == other.folded
    }

    /// Returns the address to which mail is sent.
    pub fn as_str(&self) -> &str {
        &self.spelling
    }

    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// Returns the lowercase part before the `@`.
    pub fn folded_local_part(&self) -> &str {
        self.folded.rsplit_once('@').map_or("", |(local, _)| local)
    }

    pub fn key(&self) -> EmailKey {
        EmailKey(sha256_hex(&self.folded))
    }
}

/// Accepts dot-separated atoms, without quotes and comments. Letters of all scripts are allowed (RFC 6531).
fn is_local_part(local: &str) -> bool {
    let is_atom_char = |c: char| {
        c.is_alphanumeric()
            || "!#$%&'*+/=?^_`{|}~-".contains(c)
            || (!c.is_ascii() && is_combining_mark(c))
    };
    local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_char))
}

/// Hides the local part.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "..@{}", self.domain)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.spelling)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    #[test]
    fn spellings_of_one_mailbox_are_equal_and_mail_keeps_the_spelling() {
        for (one, other) in [
            ("Dana@Example.com", "dana@example.com"),
            (" dana@example.com\n", "dana@example.com"),
            ("dana@bücher.example", "DANA@xn--bcher-kva.example"),
            ("jose\u{301}@example.com", "JOSÉ@example.com"),
            ("\u{212a}im@example.com", "kim@example.com"),
        ] {
            assert!(email(one).is_same_mailbox(&email(other)), "{one}");
            assert_eq!(email(one).key(), email(other).key(), "{one}");
        }
        assert_eq!(email("Dana@Example.com").as_str(), "Dana@example.com");
        assert_eq!(email("Dana@Example.com").folded_local_part(), "dana");
    }

    #[test]
    fn other_mailboxes_are_different() {
        for (one, other) in [
            ("dana@example.com", "dan@example.com"),
            ("dana@example.com", "dana@example.org"),
            ("dana@example.com", "da.na@example.com"),
            ("dana@example.com", "dana+desk@example.com"),
            ("mike@example.com", "m\u{131}ke@example.com"),
        ] {
            assert_ne!(email(one).key(), email(other).key(), "{other}");
        }
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in [
            "",
            "dana",
            "@example.com",
            "dana@",
            "dana@shop.e",
            "<dana@shop.example>",
            "dana@localhost",
            "dana@127.0.0.1",
            "dana@[127.0.0.1]",
            "da na@example.com",
            "dana@example.com, eve@example.com",
            "dana\r\nBcc: eve@example.com",
            "dana@evil.com@example.com",
            ".dana@example.com",
            "da..na@example.com",
            "\"da na\"@example.com",
            "dana(comment)@example.com",
            "da\u{200b}na@example.com",
            &format!("{}@example.com", "x".repeat(65)),
            &format!("{}@{}com", "x".repeat(64), "abc.".repeat(48)),
            &"x".repeat(1 << 20),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(EmailError), "{text}");
        }
        let longest = format!("{}@{}co", "x".repeat(64), "abc.".repeat(46));
        assert!(email(&longest).as_str().len() <= MAX_EMAIL_BYTES);
    }

    #[test]
    fn addresses_are_found_in_sentences() {
        let found = |text| EmailAddress::find(text).map(|email| email.as_str().to_owned());
        for (text, expected) in [
            ("Sure, it is dana@shop.example.", "dana@shop.example"),
            ("(<Dana@Shop.example>)", "Dana@shop.example"),
            ("メールはdana@shop.exampleです", "dana@shop.example"),
        ] {
            assert_eq!(found(text).as_deref(), Some(expected));
        }
        assert_eq!(found("call me @dana"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn key_is_the_hash_of_the_folded_address_and_debug_hides_it() {
        let expected = sha256_hex("dana@example.com");
        assert_eq!(email("DANA@example.com").key().as_str(), expected);
        assert_eq!(format!("{:?}", email("dana@example.com")), "..@example.com");
    }

    proptest! {
        #[test]
        fn stored_addresses_are_read_back(text in "[a-zA-ZéÉßЖ+.]{1,12}@[a-zéü]{1,8}\\.com") {
            if let Ok(address) = EmailAddress::parse(&text) {
                let again = email(address.as_str());
                prop_assert_eq!(again.as_str(), address.as_str());
                prop_assert_eq!(again.key(), address.key());
                prop_assert_eq!(email(&address.as_str().to_lowercase()).key(), address.key());
            }
        }
    }
}
