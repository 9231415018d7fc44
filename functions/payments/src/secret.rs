//! The secrets of payments, by what they are for. A function reads those that it needs and no others.

use std::sync::Arc;

use confab_aws::{Aws, Secrets};
use confab_kernel::{Env, Result, Sealed, Timestamp, unseal};
use confab_lambda::StartError;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a secret is for: the variable that names its parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Use(&'static str);

impl Use {
    pub(crate) const STRIPE_KEY: Self = Self("STRIPE_SECRET_KEY_PARAM");
    pub(crate) const STRIPE_WEBHOOK: Self = Self("STRIPE_WEBHOOK_SECRET_PARAM");
    pub(crate) const GENERIC_WEBHOOK: Self = Self("PAYMENT_WEBHOOK_SECRET_PARAM");
    pub(crate) const SECRET_PATH: Self = Self("PAYMENT_SECRET_PATH_PARAM");
    pub(crate) const SEAL: Self = Self("SEAL_SECRET_PARAM");
    pub(crate) const OPERATOR: Self = Self("OPERATOR_KEY_PARAM");
}

#[derive(Debug, Clone)]
pub(crate) struct Keyring {
    secrets: Arc<Secrets>,
    names: Vec<(Use, String)>,
}

impl Keyring {
    pub(crate) const WEBHOOKS: &[Use] = &[Use::STRIPE_WEBHOOK, Use::GENERIC_WEBHOOK, Use::SECRET_PATH];
    pub(crate) const CHECKOUT: &[Use] = &[Use::STRIPE_KEY, Use::SEAL];
    pub(crate) const STRIPE: &[Use] = &[Use::STRIPE_KEY];
    pub(crate) const SEALED: &[Use] = &[Use::SEAL];
    pub(crate) const OPERATOR: &[Use] = &[Use::OPERATOR];

    /// A provider that the operator has no account with has no secret: its variable is empty.
    pub(crate) async fn read(env: &Env, aws: &Aws, uses: &[Use]) -> Result<Self, StartError> {
        let named = |of: &Use| Some((*of, env.optional(of.0)?.to_owned()));
        let names: Vec<_> = uses.iter().filter_map(named).collect();
        let secrets = Secrets::read(aws, names.iter().map(|(_, name)| name.clone())).await?;
        Ok(Self { secrets: Arc::new(secrets), names })
    }

    /// The live secrets, newest first: while one replaces another there are two, with a comma between them.
    /// None at all when there is no such account.
    pub(crate) async fn live(&self, wanted: Use) -> Result<Vec<SecretString>> {
        let Some((_, name)) = self.names.iter().find(|(of, _)| *of == wanted) else {
            return Ok(Vec::new());
        };
        let all = self.secrets.get(name).await?;
        let live = all.expose_secret().split(',').map(str::trim).filter(|secret| !secret.is_empty());
        Ok(live.map(SecretString::from).collect())
    }

    /// Whether somebody knows a live secret. All texts of all lengths take the same time.
    pub(crate) async fn opens(&self, wanted: Use, told: &str) -> Result<bool> {
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        let live = self.live(wanted).await?;
        Ok(live
            .iter()
            .fold(false, |known, secret| known | bool::from(digest(secret.expose_secret()).ct_eq(&digest(told)))))
    }

    /// What a product sealed for us.
    pub(crate) async fn unseal<T: Sealed>(&self, token: &str, now: Timestamp) -> Result<T> {
        let secrets = self.live(Use::SEAL).await?;
        let secrets: Vec<_> = secrets.iter().map(|secret| secret.expose_secret().as_bytes()).collect();
        unseal(&secrets, token, now)
    }
}
