//! Secrets by name. A function reads only those that it needs.
//!
//! A parameter holds one secret, or during a rotation a JSON list of them. All verify; the first signs, seals and calls.

use std::sync::Arc;

use confab_core::{Env, Error, Result, Sealed, Timestamp, seal, unseal};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Aws, secrets::Secrets};

/// The environment variable that names a secret's SSM parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretName(pub &'static str);

#[derive(Debug, Clone)]
pub struct Keyring {
    secrets: Arc<Secrets>,
    names: Vec<(SecretName, String)>,
}

impl Keyring {
    /// Reads the parameters that the environment names. An empty variable is a provider without an account.
    pub async fn read(env: &Env, aws: &Aws, uses: &[SecretName]) -> Result<Self> {
        let named = |of: &SecretName| Some((*of, env.optional(of.0)?.to_owned()));
        let names: Vec<_> = uses.iter().filter_map(named).collect();
        let secrets =
            Secrets::read(aws, names.iter().map(|(_, name)| name.clone()).collect()).await?;
        Ok(Self {
            secrets: Arc::new(secrets),
            names,
        })
    }

    /// Returns the active secrets, the current one first. Empty when there is no such account.
    pub async fn active(&self, wanted: SecretName) -> Result<Vec<SecretString>> {
        let Some((_, name)) = self.names.iter().find(|(of, _)| *of == wanted) else {
            return Ok(Vec::new());
        };
        Ok(parse_secrets(self.secrets.get(name).await?.expose_secret()))
    }

    /// Returns the secret that signs, seals and calls.
    pub async fn current(&self, wanted: SecretName) -> Result<SecretString> {
        let missing =
            || Error::unavailable("secret_missing", format!("{} names no secret", wanted.0));
        self.active(wanted)
            .await?
            .into_iter()
            .next()
            .ok_or_else(missing)
    }

    /// Compares a text with the active secrets, in constant time.
    pub async fn verify(&self, wanted: SecretName, given: &str) -> Result<bool> {
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        let live = self.active(wanted).await?;
        Ok(live.iter().fold(false, |known, secret| {
            known | bool::from(digest(secret.expose_secret()).ct_eq(&digest(given)))
        }))
    }

    pub async fn seal<T: Sealed>(
        &self,
        with: SecretName,
        value: &T,
        expires_at: Timestamp,
    ) -> Result<String> {
        seal(
            self.current(with).await?.expose_secret().as_bytes(),
            value,
            expires_at,
        )
    }

    pub async fn unseal<T: Sealed>(
        &self,
        with: SecretName,
        token: &str,
        now: Timestamp,
    ) -> Result<T> {
        let secrets = self.active(with).await?;
        let secrets: Vec<_> = secrets
            .iter()
            .map(|secret| secret.expose_secret().as_bytes())
            .collect();
        unseal(&secrets, token, now)
    }
}

/// Parses a parameter's value: a JSON list of strings, or one secret that may contain any character.
pub fn parse_secrets(value: &str) -> Vec<SecretString> {
    let secrets =
        serde_json::from_str::<Vec<String>>(value).unwrap_or_else(|_| vec![value.to_owned()]);
    let secrets = secrets
        .iter()
        .map(|secret| secret.trim())
        .filter(|secret| !secret.is_empty());
    secrets.map(SecretString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<String> {
        parse_secrets(value)
            .iter()
            .map(|secret| secret.expose_secret().to_owned())
            .collect()
    }

    #[test]
    fn plain_values_are_one_secret_whatever_they_contain() {
        for value in [
            "a,b,c",
            "a b",
            r#"["broken""#,
            "[x]",
            r#"{"a":1}"#,
            "12345",
            "\"quoted\"",
        ] {
            assert_eq!(read(value), [value]);
        }
        assert_eq!(
            read("secret\n"),
            ["secret"],
            "a trailing newline of an editor is not part of it"
        );
    }

    #[test]
    fn json_lists_hold_all_active_secrets() {
        assert_eq!(read(r#"["new,1","old"]"#), ["new,1", "old"]);
        assert_eq!(read("[\n  \"new\",\n  \"old\"\n]\n"), ["new", "old"]);
        assert_eq!(read(r#"["only"]"#), ["only"]);
    }

    #[test]
    fn blank_values_hold_no_secret() {
        for value in ["", " \n", "[]", r#"["", " "]"#] {
            assert_eq!(read(value), [""; 0], "{value:?}");
        }
    }
}
