//! Webhooks to servers of others, signed as [Standard Webhooks](https://www.standardwebhooks.com) says:
//! `v1,<base64 of HMAC-SHA256 over "{id}.{unix seconds}.{body}">` for each active secret.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use confab_core::{Error, Result, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";
/// Bytes of a key.
const KEY_SIZE: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that signs, such as `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`.
#[derive(Debug)]
pub struct SigningKey(SecretSlice<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret of webhooks is whsec_ and the base64 of 24 to 64 bytes")]
pub struct SigningKeyError;

impl SigningKey {
    pub fn parse(secret: &SecretString) -> Result<Self, SigningKeyError> {
        let encoded = secret.expose_secret().strip_prefix(PREFIX);
        let bytes = encoded.and_then(|encoded| BASE64.decode(encoded).ok());
        let bytes = bytes.filter(|bytes| KEY_SIZE.contains(&bytes.len()));
        bytes.map(|bytes| Self(bytes.into())).ok_or(SigningKeyError)
    }

    fn signature(&self, id: &str, at: Timestamp, body: &[u8]) -> Result<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .map_err(|error| Error::internal("bad_webhook_secret", error))?;
        mac.update(format!("{id}.{}.", at.as_second()).as_bytes());
        mac.update(body);
        Ok(format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())))
    }
}

/// Returns the value of the header `webhook-signature`, with a signature of each key.
pub fn sign(keys: &[SigningKey], id: &str, at: Timestamp, body: &[u8]) -> Result<String> {
    let signatures = keys.iter().map(|key| key.signature(id, at, body));
    Ok(signatures.collect::<Result<Vec<_>>>()?.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const SECOND: &str = "whsec_ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7";

    fn keys(secrets: &[&str]) -> Vec<SigningKey> {
        let keys = secrets
            .iter()
            .map(|secret| SigningKey::parse(&SecretString::from(*secret)).unwrap());
        keys.collect()
    }

    /// The signatures were computed by Python's `hmac`.
    #[test]
    fn body_is_signed_by_each_key() {
        let id = "evt_01m7ym613fe0yvvhrd4bj8893d";
        let at = Timestamp::from_second(1_795_953_600).unwrap();
        let body = br#"{"type":"carousel.completed"}"#;
        assert_eq!(
            sign(&keys(&[FIRST, SECOND]), id, at, body).unwrap(),
            "v1,LdYuiPt0dDi9TWsn8aHUszFOLuCByEzmJTUOId1xQA0= \
             v1,h1+1LVSUwe5zdGY9gGYgNpSdspuaTaLgQO+zlejG8zs="
        );
    }

    #[test]
    fn secrets_of_another_form_are_refused_and_keys_are_never_shown() {
        let short = format!("{PREFIX}{}", BASE64.encode([7_u8; 23]));
        let long = format!("{PREFIX}{}", BASE64.encode([7_u8; 65]));
        for secret in [
            "",
            "whsec_",
            "secret",
            "whsec_secret!",
            &FIRST["whsec_".len()..],
            FIRST.trim_end_matches('='),
            &short,
            &long,
        ] {
            SigningKey::parse(&SecretString::from(secret)).unwrap_err();
        }
        let shown = format!("{:?}", keys(&[FIRST]));
        assert!(
            !shown.contains("AAEC") && !shown.contains("0, 1, 2"),
            "{shown}"
        );
    }
}
