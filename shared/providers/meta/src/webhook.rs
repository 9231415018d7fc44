//! Verifies webhooks of Meta: signatures of POSTs, and the challenge that registers a callback URL.

use confab_core::{Error, Result};
use confab_provider_base::secrets::{decode_sha256, non_blank};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Verifies `X-Hub-Signature-256` over the raw body, since Meta signs its own encoding of the JSON.
/// Any of `app_secrets` may have signed: two are active during a rotation.
pub fn verify(app_secrets: &[SecretString], raw_body: &[u8], header: Option<&str>) -> Result<()> {
    let claimed = header
        .and_then(|header| header.strip_prefix("sha256="))
        .and_then(decode_sha256)
        .ok_or_else(invalid_signature)?;
    for app_secret in non_blank(app_secrets) {
        let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.expose_secret().as_bytes())
            .map_err(|error| Error::internal("bad_app_secret", error))?;
        mac.update(raw_body);
        if mac.verify_slice(&claimed).is_ok() {
            return Ok(());
        }
    }
    Err(invalid_signature())
}

const MAX_CHALLENGE_BYTES: usize = 256;

/// Answers the GET that registers our callback URL; `query` is the raw query string.
pub fn challenge(query: &str, verify_tokens: &[SecretString]) -> Result<String> {
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    let token = value("hub.verify_token").unwrap_or_default();
    let is_expected = |expected: &SecretString| {
        bool::from(token.as_bytes().ct_eq(expected.expose_secret().as_bytes()))
    };
    let is_known = non_blank(verify_tokens).any(is_expected);
    let is_subscribing = value("hub.mode").is_some_and(|mode| mode == "subscribe");
    if !is_subscribing || !is_known {
        return Err(Error::forbidden("The verify token is not valid."));
    }
    value("hub.challenge")
        .filter(|challenge| (1..=MAX_CHALLENGE_BYTES).contains(&challenge.len()))
        .filter(|challenge| {
            challenge
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
        .map(|challenge| challenge.into_owned())
        .ok_or_else(|| Error::forbidden("The challenge is missing or malformed."))
}

fn invalid_signature() -> Error {
    Error::unauthenticated("The signature does not match the body.")
}

#[cfg(test)]
mod tests {
    use confab_core::Kind;

    use super::*;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    const EMPTY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    const EMPTY_SIGNED: &str =
        "sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f";

    #[test]
    fn known_signatures_verify() {
        verify(&[secret("app-secret")], EMPTY, Some(EMPTY_SIGNED)).unwrap();
        let test = "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914";
        verify(&[secret("secret")], b"test", Some(test)).unwrap();
    }

    #[test]
    fn signature_is_rejected_when_any_part_differs() {
        let bare = &EMPTY_SIGNED["sha256=".len()..];
        let short = &EMPTY_SIGNED[..EMPTY_SIGNED.len() - 1];
        let other = EMPTY_SIGNED.replace('d', "e");
        for header in [
            None,
            Some(""),
            Some("sha256="),
            Some(bare),
            Some(short),
            Some(other.as_str()),
            Some("sha256=é"),
        ] {
            let error = verify(&[secret("app-secret")], EMPTY, header).unwrap_err();
            assert_eq!(error.kind(), Kind::Unauthenticated, "{header:?}");
        }
        assert!(verify(&[secret("app-secret")], b"{}", Some(EMPTY_SIGNED)).is_err());
        assert!(verify(&[secret("other")], EMPTY, Some(EMPTY_SIGNED)).is_err());
    }

    #[test]
    fn every_active_secret_verifies_during_a_rotation() {
        let active = [secret("new-secret"), secret("app-secret")];
        verify(&active, EMPTY, Some(EMPTY_SIGNED)).unwrap();
        assert!(verify(&active[..1], EMPTY, Some(EMPTY_SIGNED)).is_err());
        assert!(verify(&[], EMPTY, Some(EMPTY_SIGNED)).is_err());
        let query = "hub.mode=subscribe&hub.challenge=7&hub.verify_token=app-secret";
        assert_eq!(challenge(query, &active).unwrap(), "7");
    }

    #[test]
    fn blank_secret_verifies_nothing() {
        for blank in ["", " ", "\n"] {
            let mut mac = Hmac::<Sha256>::new_from_slice(blank.as_bytes()).unwrap();
            mac.update(EMPTY);
            let header = format!("sha256={}", confab_core::hex(&mac.finalize().into_bytes()));
            assert!(verify(&[secret(blank)], EMPTY, Some(&header)).is_err());
        }
    }

    #[test]
    fn challenge_is_returned_when_the_verify_token_matches() {
        let query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify%20me";
        assert_eq!(
            challenge(query, &[secret("verify me")]).unwrap(),
            "1158201444"
        );
    }

    #[test]
    fn challenge_is_forbidden_when_the_query_or_the_token_is_wrong() {
        for query in [
            "",
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=other",
            "hub.mode=subscribe&hub.challenge=1",
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=token",
            "hub.mode=subscribe&hub.verify_token=token",
            "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=token",
        ] {
            let error = challenge(query, &[secret("token")]).unwrap_err();
            assert_eq!(error.kind(), Kind::Forbidden, "{query}");
        }
        assert!(
            challenge(
                "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
                &[secret("")]
            )
            .is_err()
        );
    }
}
