//! Personal data that must not reach a log by accident: `Debug` hides its content.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value whose `Debug` output is masked: a person's text, a name, a token.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "contract", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Private<T>(pub T);

impl<T: AsRef<str>> fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} chars>", self.0.as_ref().chars().count())
    }
}

impl<T: AsRef<str>> Private<T> {
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }
}

#[cfg(feature = "contract")]
crate::typescript_string!(Private<String>);

impl From<&str> for Private<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Private<String> {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// A phone number as digits without `+`, as Meta writes it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Phone(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a phone number has 5 to 20 digits")]
pub struct PhoneError;

impl Phone {
    /// Accepts `+1 650-555-1234` and `16505551234` alike.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let digits: String = text
            .trim()
            .trim_start_matches('+')
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.'))
            .collect();
        let plausible =
            (5..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plausible.then_some(Self(digits)).ok_or(PhoneError)
    }

    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = self.0.len().saturating_sub(2);
        write!(f, "Phone(..{})", &self.0[tail..])
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_content() {
        let phone = Phone::parse("+1 (650) 555-1234").unwrap();
        assert_eq!(phone.digits(), "16505551234");
        assert_eq!(format!("{phone:?}"), "Phone(..34)");
        assert_eq!(format!("{:?}", Private::from("hello")), "<5 chars>");
    }

    #[test]
    fn malformed_numbers_are_refused() {
        for text in [
            "",
            "12",
            "whatsapp:+1650",
            "16505551234567890123456",
            "１６５０５５５",
        ] {
            assert_eq!(Phone::parse(text), Err(PhoneError), "{text}");
        }
    }
}
