//! Secrets that verify a webhook. During a rotation several are active.

use secrecy::{ExposeSecret, SecretString};

/// Skips blank secrets: with one, anybody could sign.
pub(crate) fn usable(secrets: &[SecretString]) -> impl Iterator<Item = &SecretString> {
    secrets.iter().filter(|secret| !secret.expose_secret().trim().is_empty())
}
