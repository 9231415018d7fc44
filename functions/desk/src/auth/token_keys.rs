//! The keys that sign access tokens, and their public halves for gateways.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use confab_aws::Keyring;
use confab_core::{Clock, Error, Result, hex};
use desk_domain::{AccessClaims, Issuer};
use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::ExposeSecret;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::jws::{sign_eddsa, verify_eddsa};
use crate::config::SIGNING_SEED;

/// Whom access tokens are for.
const AUDIENCE: &str = "desk";

#[derive(Debug)]
pub(crate) struct TokenKeys {
    secrets: Keyring,
    issuer: String,
    clock: Arc<dyn Clock>,
}

/// A public key as RFC 8037 writes it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct PublicKey {
    kty: &'static str,
    crv: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
    x: String,
}

impl TokenKeys {
    pub(crate) fn new(secrets: Keyring, issuer: String, clock: Arc<dyn Clock>) -> Self {
        Self {
            secrets,
            issuer,
            clock,
        }
    }

    pub(crate) fn issuer(&self) -> Issuer<'_> {
        Issuer {
            iss: &self.issuer,
            aud: AUDIENCE,
        }
    }

    /// Signs the claims of an access token.
    pub(crate) async fn sign(&self, claims: &AccessClaims) -> Result<String> {
        let keys = self.pairs().await?;
        let key = keys
            .first()
            .ok_or_else(|| Error::unavailable("secret_missing", "there is no signing seed"))?;
        sign_eddsa(key, &kid_of(key), claims)
    }

    /// Verifies an access token, and returns its claims.
    pub(crate) async fn verify(&self, token: &str) -> Result<AccessClaims> {
        let keys = self.pairs().await?;
        let keys: Vec<_> = keys
            .iter()
            .map(|key| (kid_of(key), key.public_key().as_ref().to_vec()))
            .collect();
        let claims: AccessClaims = verify_eddsa(&keys, token)?;
        claims.check(self.issuer(), self.clock.now())?;
        Ok(claims)
    }

    /// Returns the live public keys.
    pub(crate) async fn public_keys(&self) -> Result<Vec<PublicKey>> {
        let keys = self.pairs().await?;
        let public = keys.iter().map(|key| PublicKey {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: kid_of(key),
            x: URL_SAFE_NO_PAD.encode(key.public_key()),
        });
        Ok(public.collect())
    }

    async fn pairs(&self) -> Result<Vec<Ed25519KeyPair>> {
        let seeds = self.secrets.active(SIGNING_SEED).await?;
        let pair = |seed: &str| {
            let seed = STANDARD.decode(seed).ok()?;
            Ed25519KeyPair::from_seed_unchecked(&seed).ok()
        };
        seeds
            .iter()
            .map(|seed| {
                pair(seed.expose_secret()).ok_or_else(|| {
                    Error::unavailable("bad_signing_seed", "a seed has 32 bytes in base64")
                })
            })
            .collect()
    }
}

/// Returns the id of a key: the beginning of the hash of its public half.
fn kid_of(key: &Ed25519KeyPair) -> String {
    hex(&Sha256::digest(key.public_key())[..8])
}
