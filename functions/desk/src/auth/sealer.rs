//! Sealed values: tokens of visitors, embed tickets, cursors of lists, and links in mails. And the secrets that are derived
//! from the same seal secret.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use confab_aws::Keyring;
use confab_core::{Clock, Error, Result, Sealed, TenantId, Timestamp, after};
use desk_domain::{BotId, MailToken};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::config::SEAL_SECRET;

/// Begins what is hashed, so that no sealed value has the same signature.
const IDENTITY_PURPOSE: &str = "desk-identity-secret";
/// Begins each identity secret, for scanners of leaked secrets.
const IDENTITY_PREFIX: &str = "desk_is_";

#[derive(Debug)]
pub(crate) struct Sealer {
    secrets: Keyring,
    clock: Arc<dyn Clock>,
}

impl Sealer {
    pub(crate) fn new(secrets: Keyring, clock: Arc<dyn Clock>) -> Self {
        Self { secrets, clock }
    }

    pub(crate) async fn seal<T: Sealed>(&self, value: &T, expires_at: Timestamp) -> Result<String> {
        self.secrets.seal(SEAL_SECRET, value, expires_at).await
    }

    /// Opens a sealed value. Fails for an expired or forged one.
    pub(crate) async fn open<T: Sealed>(&self, token: &str) -> Result<T> {
        self.secrets
            .unseal(SEAL_SECRET, token, self.clock.now())
            .await
    }

    /// Seals the token of a link in a mail.
    pub(crate) async fn seal_mail<T: MailToken>(&self, token: &T) -> Result<String> {
        self.seal(token, after(self.clock.now(), T::TTL)).await
    }

    /// Derives the secret with which a site's server signs the identities of a bot's visitors. It is stored nowhere.
    pub(crate) async fn identity_secret(
        &self,
        tenant: TenantId,
        bot: BotId,
        generation: u32,
    ) -> Result<SecretString> {
        let secret = self.secrets.current(SEAL_SECRET).await?;
        derive_identity_secret(&secret, tenant, bot, generation)
    }

    /// Derives the secrets of a generation with which a token may be signed: one for each live seal secret. Once an old
    /// seal secret is removed, what was derived from it is not valid any more, so that sites get a new one before.
    pub(crate) async fn identity_secrets(
        &self,
        tenant: TenantId,
        bot: BotId,
        generation: u32,
    ) -> Result<Vec<SecretString>> {
        let secrets = self.secrets.active(SEAL_SECRET).await?;
        let derive = |secret| derive_identity_secret(secret, tenant, bot, generation);
        secrets.iter().map(derive).collect()
    }
}

fn derive_identity_secret(
    seal_secret: &SecretString,
    tenant: TenantId,
    bot: BotId,
    generation: u32,
) -> Result<SecretString> {
    let key = seal_secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .map_err(|error| Error::internal("bad_secret", error))?;
    mac.update(format!("{IDENTITY_PURPOSE}.{tenant}\n{bot}\n{generation}").as_bytes());
    let digest = BASE64.encode(mac.finalize().into_bytes());
    Ok(SecretString::from(format!("{IDENTITY_PREFIX}{digest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by Python's `hmac` over `desk-identity-secret.ten_..7\nbot_..9\n2`.
    const KNOWN: &str = "desk_is_wTWSn23ExlddKiN73zRke1dgYW_GHrMfpMYnrw4X0QQ";

    fn secret(seal_secret: &str, tenant: u8, bot: u8, generation: u32) -> String {
        let tenant = format!("ten_{tenant:026}").parse().unwrap();
        let bot = format!("bot_{bot:026}").parse().unwrap();
        let seal_secret = SecretString::from(seal_secret);
        let secret = derive_identity_secret(&seal_secret, tenant, bot, generation);
        secret.unwrap().expose_secret().to_owned()
    }

    #[test]
    fn identity_secrets_differ_by_seal_secret_tenant_bot_and_generation() {
        assert_eq!(secret("seal", 7, 9, 2), KNOWN);
        for other in [
            secret("other", 7, 9, 2),
            secret("seal", 8, 9, 2),
            secret("seal", 7, 8, 2),
            secret("seal", 7, 9, 3),
        ] {
            assert_ne!(other, KNOWN);
        }
    }
}
