//! Random secrets of 256 bits.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use confab_core::Entropy;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Letters of a secret in base64url.
pub(crate) const SECRET_LETTERS: usize = 43;

/// 32 random bytes. `Debug` hides them; they are stored in URL-safe base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Draws from the entropy four times, because it gives ten bytes at once.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let drawn = [(); 4].map(|()| entropy.bytes());
        Self(std::array::from_fn(|index| drawn[index / 10][index % 10]))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn to_base64(&self) -> String {
        BASE64.encode(self.0)
    }

    /// Reads the one spelling that `to_base64` writes.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_base64())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_base64(&text)
            .ok_or_else(|| serde::de::Error::custom("a secret has 43 letters of base64url"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    #[test]
    fn secrets_use_four_draws_and_hide_themselves() {
        let draws = AtomicU8::new(0);
        let secret = Secret::new(&|| [draws.fetch_add(1, Ordering::Relaxed); 10]);
        assert_eq!(secret.as_bytes()[0], 0);
        assert_eq!(secret.as_bytes()[31], 3);
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn stored_secrets_have_one_spelling() {
        let secret = Secret::new(&|| [200; 10]);
        let text = secret.to_base64();
        assert_eq!(text.len(), SECRET_LETTERS);
        assert_eq!(Secret::from_base64(&text), Some(secret.clone()));
        for odd in [
            "",
            "AAAA",
            &text[1..],
            &format!("{text}="),
            &format!("{}B", &text[..42]),
        ] {
            assert_eq!(Secret::from_base64(odd), None, "{odd}");
        }
        let json = serde_json::to_string(&secret).unwrap();
        assert_eq!(serde_json::from_str::<Secret>(&json).unwrap(), secret);
    }
}
