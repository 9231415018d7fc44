//! Secrets by what they are for, with several that are good at once. A function reads those that it needs and no others.

use std::sync::Arc;

use confab_kernel::{Env, Error, Result, Sealed, Timestamp, seal, unseal};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Aws, Secrets};

/// What a secret is for: the variable that names its parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use(pub &'static str);

#[derive(Debug, Clone)]
pub struct Keyring {
    secrets: Arc<Secrets>,
    names: Vec<(Use, String)>,
}

impl Keyring {
    /// A provider that the operator has no account with has no secret: its variable is empty.
    pub async fn read(env: &Env, aws: &Aws, uses: &[Use]) -> Result<Self> {
        let named = |of: &Use| Some((*of, env.optional(of.0)?.to_owned()));
        let names: Vec<_> = uses.iter().filter_map(named).collect();
        let secrets = Secrets::read(aws, names.iter().map(|(_, name)| name.clone())).await?;
        Ok(Self { secrets: Arc::new(secrets), names })
    }

    /// The live secrets, newest first: while one replaces another there are two, with a comma between them.
    /// None at all when there is no such account.
    pub async fn live(&self, wanted: Use) -> Result<Vec<SecretString>> {
        let Some((_, name)) = self.names.iter().find(|(of, _)| *of == wanted) else {
            return Ok(Vec::new());
        };
        let all = self.secrets.get(name).await?;
        let live = all.expose_secret().split(',').map(str::trim).filter(|secret| !secret.is_empty());
        Ok(live.map(SecretString::from).collect())
    }

    /// The one to use where only one can be.
    pub async fn newest(&self, wanted: Use) -> Result<SecretString> {
        let missing = || Error::unavailable("secret_missing", format!("{} names no secret", wanted.0));
        self.live(wanted).await?.into_iter().next().ok_or_else(missing)
    }

    /// Whether somebody knows a live secret. All texts of all lengths take the same time.
    pub async fn opens(&self, wanted: Use, told: &str) -> Result<bool> {
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        let live = self.live(wanted).await?;
        Ok(live
            .iter()
            .fold(false, |known, secret| known | bool::from(digest(secret.expose_secret()).ct_eq(&digest(told)))))
    }

    pub async fn seal<T: Sealed>(&self, with: Use, value: &T, expires_at: Timestamp) -> Result<String> {
        seal(self.newest(with).await?.expose_secret().as_bytes(), value, expires_at)
    }

    pub async fn unseal<T: Sealed>(&self, with: Use, token: &str, now: Timestamp) -> Result<T> {
        let secrets = self.live(with).await?;
        let secrets: Vec<_> = secrets.iter().map(|secret| secret.expose_secret().as_bytes()).collect();
        unseal(&secrets, token, now)
    }
}
