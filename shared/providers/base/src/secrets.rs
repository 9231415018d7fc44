//! Webhook secrets. Several are active during a rotation.

use secrecy::{ExposeSecret, SecretString};

/// Skips blank secrets: a signature made with an empty key must not verify.
pub fn non_blank(secrets: &[SecretString]) -> impl Iterator<Item = &SecretString> {
    secrets
        .iter()
        .filter(|secret| !secret.expose_secret().trim().is_empty())
}

/// Decodes a SHA-256 digest in hexadecimal.
pub fn decode_sha256(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    Some(bytes)
}
