//! Is this webhook from Meta? Signatures of POSTs, and the challenge when an address is registered.

use confab_core::{Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use confab_provider_base::secrets::{decode_sha256, non_blank};

/// `header` is `X-Hub-Signature-256`; `raw_body` the bytes as they came, since Meta signs its own spelling of the JSON.
/// Any of `app_secrets` may have signed: during a rotation two are active.
pub fn verify(app_secrets: &[SecretString], raw_body: &[u8], header: Option<&str>) -> Result<()> {
    let claimed = header
        .and_then(|header| header.strip_prefix("sha256="))
        .and_then(decode_sha256)
        .ok_or_else(unsigned)?;
    for app_secret in non_blank(app_secrets) {
        let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.expose_secret().as_bytes())
            .map_err(|error| Error::internal("bad_app_secret", error))?;
        mac.update(raw_body);
        if mac.verify_slice(&claimed).is_ok() {
            return Ok(());
        }
    }
    Err(unsigned())
}

/// Answers the GET that registers our address; `query` is the raw query string.
pub fn challenge(query: &str, verify_tokens: &[SecretString]) -> Result<String> {
    let value = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    let token = value("hub.verify_token").unwrap_or_default();
    let is_token = |expected: &SecretString| {
        bool::from(token.as_bytes().ct_eq(expected.expose_secret().as_bytes()))
    };
    let known = non_blank(verify_tokens).any(is_token);
    let asked = value("hub.mode").is_some_and(|mode| mode == "subscribe");
    if !asked || !known {
        return Err(Error::forbidden("The verify token is not ours."));
    }
    value("hub.challenge")
        .filter(|challenge| (1..=256).contains(&challenge.len()))
        .filter(|challenge| {
            challenge
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
        .map(|challenge| challenge.into_owned())
        .ok_or_else(|| Error::forbidden("There is no challenge."))
}

fn unsigned() -> Error {
    Error::unauthenticated("The signature does not fit the body.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::Kind;

    fn secret(text: &str) -> SecretString {
        text.to_owned().into()
    }

    const EMPTY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    const EMPTY_SIGNED: &str =
        "sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f";

    #[test]
    fn the_vectors_verify() {
        verify(&[secret("app-secret")], EMPTY, Some(EMPTY_SIGNED)).unwrap();
        let test = "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914";
        verify(&[secret("secret")], b"test", Some(test)).unwrap();
    }

    #[test]
    fn anything_else_is_unauthenticated() {
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
    fn a_blank_secret_verifies_nothing() {
        for blank in ["", " ", "\n"] {
            let mut mac = Hmac::<Sha256>::new_from_slice(blank.as_bytes()).unwrap();
            mac.update(EMPTY);
            let header = format!("sha256={}", confab_core::hex(&mac.finalize().into_bytes()));
            assert!(verify(&[secret(blank)], EMPTY, Some(&header)).is_err());
        }
    }

    #[test]
    fn a_challenge_is_given_back_to_who_knows_the_token() {
        let query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify%20me";
        assert_eq!(
            challenge(query, &[secret("verify me")]).unwrap(),
            "1158201444"
        );
    }

    #[test]
    fn and_to_nobody_else() {
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
