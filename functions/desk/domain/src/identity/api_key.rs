//! The text of API keys: `desk_sk_<id>_<secret><checksum>`.
//!
//! The prefix lets secret scanners find leaked keys, and the checksum refuses typing errors before a row is read.

use std::{fmt, str::FromStr};

use confab_core::{Entropy, Error};
use serde::{Deserialize, Serialize};

use crate::{ApiKeyId, Secret, digest::sha256_hex, secret::SECRET_LETTERS};

const PREFIX: &str = "desk_sk_";
const ID_LETTERS: usize = 26;
const CHECKSUM_LETTERS: usize = 8;
const KEY_LETTERS: usize = PREFIX.len() + ID_LETTERS + 1 + SECRET_LETTERS + CHECKSUM_LETTERS;

/// A whole key with its secret. It is shown once, and only its hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    id: ApiKeyId,
    secret: Secret,
}

/// The text is no key. It says nothing about which part is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an API key such as desk_sk_.. is expected")]
pub struct ApiKeyError;

impl From<ApiKeyError> for Error {
    fn from(error: ApiKeyError) -> Self {
        Self::unauthenticated("This API key is not valid.").with_source(error)
    }
}

/// The SHA-256 of a key in hexadecimal. A secret of 256 bits needs no slow hash. Callers compare it in constant time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKeyHash(String);

impl ApiKeyHash {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ApiKey {
    pub fn new(id: ApiKeyId, entropy: &dyn Entropy) -> Self {
        Self {
            id,
            secret: Secret::new(entropy),
        }
    }

    pub fn id(&self) -> ApiKeyId {
        self.id
    }

    /// Returns the text for its owner.
    pub fn reveal(&self) -> String {
        let body = format!("{}_{}", prefix_of(self.id), self.secret.to_base64());
        let checksum = checksum(&body);
        body + &checksum
    }

    pub fn hash(&self) -> ApiKeyHash {
        ApiKeyHash(sha256_hex(self.reveal()))
    }
}

/// Returns the public beginning of a key, by which its owner recognizes it.
pub(super) fn prefix_of(id: ApiKeyId) -> String {
    let id = id.to_string();
    let letters = id.rsplit('_').next().unwrap_or_default();
    format!("{PREFIX}{letters}")
}

impl FromStr for ApiKey {
    type Err = ApiKeyError;

    fn from_str(text: &str) -> Result<Self, ApiKeyError> {
        if text.len() != KEY_LETTERS || !text.is_ascii() {
            return Err(ApiKeyError);
        }
        let (body, written) = text.split_at(KEY_LETTERS - CHECKSUM_LETTERS);
        let rest = body.strip_prefix(PREFIX).ok_or(ApiKeyError)?;
        let (id, secret) = rest.split_at(ID_LETTERS);
        let secret = secret.strip_prefix('_').ok_or(ApiKeyError)?;
        if checksum(body) != written {
            return Err(ApiKeyError);
        }
        let id = format!("{}_{id}", ApiKeyId::PREFIX).parse();
        Ok(Self {
            id: id.map_err(|_| ApiKeyError)?,
            secret: Secret::from_base64(secret).ok_or(ApiKeyError)?,
        })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_..", prefix_of(self.id))
    }
}

/// The CRC-32 of zip and PNG, in hexadecimal.
fn checksum(text: &str) -> String {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            let is_odd = crc & 1 == 1;
            crc = (crc >> 1) ^ if is_odd { POLYNOMIAL } else { 0 };
        }
    }
    format!("{:08x}", !crc)
}

#[cfg(test)]
mod tests {
    use confab_core::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> ApiKey {
        let made_at = Timestamp::from_second(1_796_000_000).unwrap();
        ApiKey::new(ApiKeyId::new(made_at, &|| [byte; 10]), &|| [byte; 10])
    }

    #[test]
    fn key_has_the_form_that_scanners_look_for() {
        let text = key(255).reveal();
        assert_eq!(text.len(), 86);
        let rest = text.strip_prefix("desk_sk_").unwrap();
        assert_eq!(&rest[26..27], "_");
        assert_eq!(format!("key_{}", &rest[..26]), key(255).id().to_string());
        assert!(text.starts_with(&prefix_of(key(255).id())));
    }

    #[test]
    fn checksum_is_the_usual_crc_32() {
        assert_eq!(checksum("123456789"), "cbf43926");
        assert_eq!(checksum(""), "00000000");
    }

    #[test]
    fn keys_are_read_back_and_their_hashes_differ() {
        let text = key(1).reveal();
        assert_eq!(text.parse::<ApiKey>().unwrap(), key(1));
        assert_eq!(key(1).hash().as_str(), sha256_hex(text));
        assert_ne!(key(1).hash(), key(2).hash());
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let debug = format!("{:?}", key(7));
        assert!(!debug.contains(&key(7).secret.to_base64()));
        assert!(debug.ends_with("_.."));
    }

    #[test]
    fn secret_with_a_second_spelling_is_refused() {
        // The last letter has four bits. The other two are ignored by tolerant decoders.
        let body = key(0).reveal();
        let body = &body[..KEY_LETTERS - CHECKSUM_LETTERS - 1];
        let text = format!("{body}B");
        let text = format!("{text}{}", checksum(&text));
        assert_eq!(text.parse::<ApiKey>(), Err(ApiKeyError));
    }

    proptest! {
        #[test]
        fn changed_keys_are_refused(byte: u8, place in 0_usize..86, letter in "[A-Za-z0-9_-]") {
            let text = key(byte).reveal();
            let mut changed = text.clone();
            changed.replace_range(place..=place, &letter);
            prop_assert_eq!(changed.parse::<ApiKey>().is_ok(), changed == text);
        }

        #[test]
        fn no_text_breaks_the_parser(text in "(desk_sk_)?.{0,90}") {
            prop_assert_eq!(text.parse::<ApiKey>(), Err(ApiKeyError));
        }
    }
}
