//! Deployment keys: public names of deployed bots, which sites have in their pages.

use std::{fmt, str::FromStr};

use confab_core::{Entropy, Error, Result};
use serde::{Deserialize, Serialize};

const PREFIX: &str = "dpl_";
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LETTERS: usize = 16;

/// `dpl_` and 16 letters or digits, from 80 random bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeploymentKey(String);

#[cfg(feature = "contract")]
confab_core::describe_as_string!(DeploymentKey, "^dpl_[0-9a-hjkmnp-tv-z]{16}$");

impl DeploymentKey {
    pub fn new(entropy: &dyn Entropy) -> Self {
        let bits = entropy
            .bytes()
            .iter()
            .fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let letter = |place: usize| {
            let digit = usize::try_from((bits >> (place * 5)) & 31).unwrap_or_default();
            char::from(ALPHABET[digit])
        };
        Self(format!(
            "{PREFIX}{}",
            (0..LETTERS).rev().map(letter).collect::<String>()
        ))
    }

    /// A key of another form is as unknown as one that was never given out.
    pub fn parse(text: &str) -> Result<Self> {
        Self::try_from(text.to_owned()).map_err(|_| Error::not_found("widget"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeploymentKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for DeploymentKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let letters = text.strip_prefix(PREFIX).unwrap_or_default();
        let is_key = letters.len() == LETTERS && letters.bytes().all(|b| ALPHABET.contains(&b));
        if is_key {
            Ok(Self(text))
        } else {
            Err("a key such as dpl_0123456789abcdef is expected")
        }
    }
}

impl From<DeploymentKey> for String {
    fn from(key: DeploymentKey) -> Self {
        key.0
    }
}

impl fmt::Display for DeploymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_of_another_form_are_unknown() {
        for text in [
            "",
            "dpl_",
            "dpl_0123456789abcde",
            "dpl_0123456789abcdeu",
            "DPL_0123456789abcdef",
            "key_0123456789abcdef",
        ] {
            assert_eq!(
                DeploymentKey::parse(text).unwrap_err().code(),
                "widget_not_found",
                "{text}"
            );
        }
        assert_eq!(
            DeploymentKey::new(&|| [0; 10]).as_str(),
            "dpl_0000000000000000"
        );
        assert_eq!(
            DeploymentKey::new(&|| [255; 10]).as_str(),
            "dpl_zzzzzzzzzzzzzzzz"
        );
    }

    proptest! {
        #[test]
        fn different_bytes_make_different_keys(one: [u8; 10], other: [u8; 10]) {
            let key = |bytes: [u8; 10]| DeploymentKey::new(&move || bytes);
            prop_assert_eq!(DeploymentKey::parse(key(one).as_str()).unwrap(), key(one));
            prop_assert_eq!(key(one) == key(other), one == other);
        }
    }
}
