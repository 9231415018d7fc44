//! A room's code: short enough for a printed link, too random to guess.

use std::{fmt, str::FromStr};

use confab_core::{Entropy, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Crockford's base 32: no letter that is mistaken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomCode([u8; LENGTH]);

impl RoomCode {
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes().map(|byte| ALPHABET[usize::from(byte % 32)]))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for RoomCode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let code = text
            .as_bytes()
            .try_into()
            .ok()
            .filter(|code: &[u8; LENGTH]| code.iter().all(|b| ALPHABET.contains(b)));
        code.map(Self).ok_or_else(|| Error::not_found("room"))
    }
}

impl fmt::Display for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "contract")]
confab_core::describe_as_string!(RoomCode, "^[0-9a-hjkmnp-tv-z]{10}$");

impl Serialize for RoomCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RoomCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(|_| serde::de::Error::custom("not a room's code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_parse_what_they_print_and_refuse_other_texts() {
        let code = RoomCode::new(&|| [0, 31, 32, 255, 7, 8, 9, 10, 11, 12]);
        assert_eq!(code.to_string().parse::<RoomCode>().unwrap(), code);
        for odd in [
            "",
            "k7m2p9q4x",
            "k7m2p9q4xwz",
            "K7m2p9q4xw",
            "k7m2p9q4x#",
            "k7m2p9q4xi",
            "k7m2p9q4é",
        ] {
            assert!(odd.parse::<RoomCode>().is_err(), "{odd}");
        }
    }
}
