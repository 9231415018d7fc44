//! The keys that sign access tokens, and their public halves for gateways.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use confab_aws::Keyring;
use confab_core::{Clock, Error, Result, hex};
use desk_domain::{AccessClaims, Issuer};
use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::jws::{sign_eddsa, verify_eddsa};
use crate::config::SIGNING_SEED;

/// Whom access tokens are for.
const AUDIENCE: &str = "desk";

#[derive(Debug)]
pub(crate) struct TokenKeys {
    secrets: Keyring,
    derived: DerivedKeys,
    issuer: String,
    clock: Arc<dyn Clock>,
}

/// The keys of a process: derived at its first request, and again after a rotation of the seeds.
#[derive(Debug, Default)]
struct DerivedKeys(Mutex<Option<Arc<KeySet>>>);

/// The keys of the active seeds, the one that signs first.
#[derive(Debug)]
struct KeySet {
    /// Hash of the seeds.
    fingerprint: [u8; 32],
    pairs: Vec<Ed25519KeyPair>,
    /// The public halves with their ids, in the same order.
    public: Vec<(String, Vec<u8>)>,
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
            derived: DerivedKeys::default(),
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
        let keys = self.keys().await?;
        let (key, (kid, _)) = keys
            .pairs
            .first()
            .zip(keys.public.first())
            .ok_or_else(|| Error::unavailable("secret_missing", "there is no signing seed"))?;
        sign_eddsa(key, kid, claims)
    }

    /// Verifies an access token, and returns its claims.
    pub(crate) async fn verify(&self, token: &str) -> Result<AccessClaims> {
        let keys = self.keys().await?;
        let claims: AccessClaims = verify_eddsa(&keys.public, token)?;
        claims.check(self.issuer(), self.clock.now())?;
        Ok(claims)
    }

    /// Returns the live public keys.
    pub(crate) async fn public_keys(&self) -> Result<Vec<PublicKey>> {
        let keys = self.keys().await?;
        let public = keys.public.iter().map(|(kid, key)| PublicKey {
            kty: "OKP",
            crv: "Ed25519",
            usage: "sig",
            alg: "EdDSA",
            kid: kid.clone(),
            x: URL_SAFE_NO_PAD.encode(key),
        });
        Ok(public.collect())
    }

    async fn keys(&self) -> Result<Arc<KeySet>> {
        let seeds = self.secrets.active(SIGNING_SEED).await?;
        self.derived.of(&seeds)
    }
}

impl DerivedKeys {
    /// Returns the keys of seeds.
    fn of(&self, seeds: &[SecretString]) -> Result<Arc<KeySet>> {
        let fingerprint = fingerprint_of(seeds);
        let mut derived = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = derived.as_ref()
            && known.fingerprint == fingerprint
        {
            return Ok(known.clone());
        }
        let keys = Arc::new(KeySet::derive(seeds, fingerprint)?);
        *derived = Some(keys.clone());
        Ok(keys)
    }
}

impl KeySet {
    fn derive(seeds: &[SecretString], fingerprint: [u8; 32]) -> Result<Self> {
        let pairs = seeds.iter().map(pair_of).collect::<Result<Vec<_>>>()?;
        let public = pairs
            .iter()
            .map(|pair| (kid_of(pair), pair.public_key().as_ref().to_vec()));
        Ok(Self {
            fingerprint,
            public: public.collect(),
            pairs,
        })
    }
}

fn pair_of(seed: &SecretString) -> Result<Ed25519KeyPair> {
    let seed = STANDARD.decode(seed.expose_secret()).ok();
    let pair = seed.and_then(|seed| Ed25519KeyPair::from_seed_unchecked(&seed).ok());
    pair.ok_or_else(|| Error::unavailable("bad_signing_seed", "a seed has 32 bytes in base64"))
}

/// Hashes each seed before all of them, so that no two lists are alike.
fn fingerprint_of(seeds: &[SecretString]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for seed in seeds {
        hash.update(Sha256::digest(seed.expose_secret()));
    }
    hash.finalize().into()
}

/// Returns the id of a key: the beginning of the hash of its public half.
fn kid_of(key: &Ed25519KeyPair) -> String {
    hex(&Sha256::digest(key.public_key())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(byte: u8) -> SecretString {
        STANDARD.encode([byte; 32]).into()
    }

    fn kids(keys: &KeySet) -> Vec<&str> {
        keys.public.iter().map(|(kid, _)| kid.as_str()).collect()
    }

    #[test]
    fn keys_are_derived_once_and_again_after_a_rotation() {
        let derived = DerivedKeys::default();
        let first = derived.of(&[seed(1)]).unwrap();
        assert!(Arc::ptr_eq(&first, &derived.of(&[seed(1)]).unwrap()));
        let rotated = derived.of(&[seed(2), seed(1)]).unwrap();
        assert_eq!((rotated.pairs.len(), rotated.public.len()), (2, 2));
        assert_eq!(kids(&rotated)[1], kids(&first)[0]);
        let promoted = derived.of(&[seed(1), seed(2)]).unwrap();
        assert_eq!(kids(&promoted)[0], kids(&first)[0], "the first one signs");
        assert!(derived.of(&[]).unwrap().pairs.is_empty());
    }

    #[test]
    fn malformed_seed_is_an_error_and_the_next_good_one_is_used() {
        let derived = DerivedKeys::default();
        for malformed in ["", "no base64!", "c2hvcnQ="] {
            let error = derived.of(&[malformed.to_owned().into()]).unwrap_err();
            assert_eq!(error.code(), "bad_signing_seed", "{malformed}");
        }
        assert_eq!(derived.of(&[seed(1)]).unwrap().pairs.len(), 1);
    }
}
