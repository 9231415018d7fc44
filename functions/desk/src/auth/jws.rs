//! JSON Web Signatures (RFC 7515) in their compact form, each with one fixed algorithm.
//!
//! The header of a token never chooses how the token is verified: the caller does, and another algorithm is refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use confab_core::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;

/// Longer tokens are not read.
const MAX_TOKEN_BYTES: usize = 8_192;

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that a verifier must understand (RFC 7515, 4.1.11). There are none that we do.
    #[serde(default, skip_serializing)]
    crit: Option<serde_json::Value>,
}

/// A token split into what is signed and the rest.
struct Parts<'a> {
    header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

fn malformed() -> Error {
    Error::unauthenticated("This token is not valid.")
}

fn split<'a>(token: &'a str, algorithm: &str) -> Result<Parts<'a>> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(malformed());
    }
    let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
    let decode = |text: &str| BASE64.decode(text).map_err(|_| malformed());
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| malformed())?;
    if header.alg != algorithm || header.crit.is_some() {
        return Err(malformed());
    }
    Ok(Parts {
        header,
        signed,
        payload,
        signature: decode(signature)?,
    })
}

fn read<T: DeserializeOwned>(payload: &str) -> Result<T> {
    let payload = BASE64.decode(payload).map_err(|_| malformed())?;
    serde_json::from_slice(&payload).map_err(|_| malformed())
}

/// Signs claims with Ed25519.
pub(super) fn sign_eddsa<T: Serialize>(
    key: &Ed25519KeyPair,
    kid: &str,
    claims: &T,
) -> Result<String> {
    let header = serde_json::json!({ "alg": "EdDSA", "kid": kid, "typ": "JWT" });
    let encode = |value: Vec<u8>| BASE64.encode(value);
    let claims = serde_json::to_vec(claims).map_err(|e| Error::internal("render_failed", e))?;
    let signed = format!(
        "{}.{}",
        encode(header.to_string().into_bytes()),
        encode(claims)
    );
    let signature = key.sign(signed.as_bytes());
    Ok(format!("{signed}.{}", BASE64.encode(signature)))
}

/// Verifies a token that one of the public keys signed, each with its id, and returns its claims.
pub(super) fn verify_eddsa<T: DeserializeOwned>(
    keys: &[(String, Vec<u8>)],
    token: &str,
) -> Result<T> {
    let parts = split(token, "EdDSA")?;
    let kid = parts.header.kid.as_deref().unwrap_or_default();
    let (_, key) = keys
        .iter()
        .find(|(id, _)| id == kid)
        .ok_or_else(malformed)?;
    UnparsedPublicKey::new(&ED25519, key)
        .verify(parts.signed.as_bytes(), &parts.signature)
        .map_err(|_| malformed())?;
    read(parts.payload)
}

/// Verifies a token that a site's server has signed with a shared secret, in constant time, and returns its claims.
pub(crate) fn verify_hs256<T: DeserializeOwned>(secret: &[u8], token: &str) -> Result<T> {
    let parts = split(token, "HS256")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret)
        .map_err(|error| Error::internal("bad_secret", error))?;
    mac.update(parts.signed.as_bytes());
    mac.verify_slice(&parts.signature)
        .map_err(|_| malformed())?;
    read(parts.payload)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &[u8] = b"a secret of the site";

    fn key() -> (Ed25519KeyPair, Vec<(String, Vec<u8>)>) {
        use ring::signature::KeyPair;
        let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let public = key.public_key().as_ref().to_vec();
        (key, vec![("one".to_owned(), public)])
    }

    fn hs256(header: &Value, claims: &Value, secret: &[u8]) -> String {
        let signed = format!(
            "{}.{}",
            BASE64.encode(header.to_string()),
            BASE64.encode(claims.to_string())
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", BASE64.encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn signed_claims_come_back() {
        let (key, public) = key();
        let token = sign_eddsa(&key, "one", &json!({ "sub": "usr_1" })).unwrap();
        let claims: Value = verify_eddsa(&public, &token).unwrap();
        assert_eq!(claims, json!({ "sub": "usr_1" }));
    }

    #[test]
    fn changed_tokens_and_other_keys_are_refused() {
        let (key, public) = key();
        let token = sign_eddsa(&key, "one", &json!({ "sub": "usr_1" })).unwrap();
        for place in 0..token.len() {
            let mut changed = token.clone();
            let letter = if token.as_bytes()[place] == b'A' {
                "B"
            } else {
                "A"
            };
            changed.replace_range(place..=place, letter);
            // The last letter of a signature has bits that say nothing; base64 refuses them.
            assert!(
                verify_eddsa::<Value>(&public, &changed).is_err(),
                "{place} {changed}"
            );
        }
        let unknown = sign_eddsa(&key, "two", &json!({})).unwrap();
        assert!(verify_eddsa::<Value>(&public, &unknown).is_err());
    }

    #[test]
    fn header_does_not_choose_the_algorithm() {
        let (_, public) = key();
        let (_, bytes) = &public[0];
        // Signed with the public key as if it were a secret.
        let confused = hs256(&json!({ "alg": "HS256", "kid": "one" }), &json!({}), bytes);
        assert!(verify_eddsa::<Value>(&public, &confused).is_err());
        let claims = json!({ "sub": "42" });
        for alg in ["none", "HS512", "hs256", "EdDSA", ""] {
            let token = hs256(&json!({ "alg": alg }), &claims, SECRET);
            assert!(verify_hs256::<Value>(SECRET, &token).is_err(), "{alg}");
        }
        let token = hs256(&json!({ "alg": "HS256", "crit": ["b64"] }), &claims, SECRET);
        assert!(verify_hs256::<Value>(SECRET, &token).is_err());
        let token = hs256(&json!({ "alg": "HS256", "typ": "JWT" }), &claims, SECRET);
        assert_eq!(verify_hs256::<Value>(SECRET, &token).unwrap(), claims);
        assert!(verify_hs256::<Value>(b"another", &token).is_err());
    }

    /// The example of RFC 7515, appendix A.1.
    #[test]
    fn token_of_the_standard_is_verified() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let claims: Value = verify_hs256(&BASE64.decode(key).unwrap(), token).unwrap();
        assert_eq!(claims["iss"], "joe");
    }
}
