//! Verifies webhooks by the secret that Telegram sends in a header.

use confab_core::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

const MAX_SECRET_BYTES: usize = 256;

/// Tells whether Telegram accepts a webhook secret.
pub fn is_valid_secret(secret: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=MAX_SECRET_BYTES).contains(&secret.len()) && secret.bytes().all(is_allowed)
}

/// Verifies the value of [`SECRET_HEADER`]. Any of `secrets` may match: two are active during a
/// rotation.
/// A secret that Telegram would not accept, such as a blank one, matches nothing.
pub fn verify(secrets: &[SecretString], header: Option<&str>) -> Result<()> {
    let mismatch = || Error::unauthenticated("The webhook secret does not match.");
    // Digests have one length, and all secrets are compared, so that the time tells nothing.
    let given = Sha256::digest(header.ok_or_else(mismatch)?);
    let is_known = secrets
        .iter()
        .map(ExposeSecret::expose_secret)
        .filter(|secret| is_valid_secret(secret))
        .fold(false, |is_known, secret| {
            is_known | bool::from(Sha256::digest(secret).ct_eq(&given))
        });
    if !is_known {
        return Err(mismatch());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use confab_core::Kind;

    use super::*;

    fn secrets(texts: &[&str]) -> Vec<SecretString> {
        texts.iter().map(|text| SecretString::from(*text)).collect()
    }

    #[test]
    fn every_active_secret_verifies_during_a_rotation() {
        let active = secrets(&["new_secret-1", "old_secret-1"]);
        verify(&active, Some("new_secret-1")).unwrap();
        verify(&active, Some("old_secret-1")).unwrap();
        verify(&active[..1], Some("old_secret-1")).unwrap_err();
    }

    #[test]
    fn webhook_is_rejected_when_its_secret_is_missing_or_differs() {
        let active = secrets(&["secret"]);
        for header in [
            None,
            Some(""),
            Some("secre"),
            Some("secret "),
            Some("Secret"),
            Some("secretsecret"),
            Some("секрет"),
        ] {
            let error = verify(&active, header).unwrap_err();
            assert_eq!(error.kind(), Kind::Unauthenticated, "{header:?}");
        }
        verify(&[], Some("secret")).unwrap_err();
    }

    #[test]
    fn invalid_secret_verifies_nothing() {
        let long = "a".repeat(257);
        for invalid in ["", " ", "two words", "a.b", "ключ", long.as_str()] {
            assert!(!is_valid_secret(invalid), "{invalid}");
            verify(&secrets(&[invalid]), Some(invalid)).unwrap_err();
        }
        for valid in ["a", "A-_9", &"a".repeat(256)] {
            assert!(is_valid_secret(valid), "{valid}");
            verify(&secrets(&[valid]), Some(valid)).unwrap();
        }
    }
}
