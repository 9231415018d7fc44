//! Sealed values: signed tokens that only we can issue. Their content is readable by everyone.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::{Error, Result, Timestamp};

/// A type that can be sealed. A token of one purpose is not valid for another.
pub trait Sealed: Serialize + DeserializeOwned {
    const PURPOSE: &'static str;
}

#[derive(Serialize, Deserialize)]
struct Inside<T> {
    expires_at: i64,
    value: T,
}

/// Maximum length of a token.
const MAX_TOKEN_BYTES: usize = 4_096;

/// Seals a value as `<value>.<signature>`, both in URL-safe base64.
pub fn seal<T: Sealed>(secret: &[u8], value: &T, expires_at: Timestamp) -> Result<String> {
    let inside = Inside {
        expires_at: expires_at.as_second(),
        value,
    };
    let json = serde_json::to_vec(&inside).map_err(|e| Error::internal("render_failed", e))?;
    let value = BASE64.encode(json);
    let signature = BASE64.encode(mac::<T>(secret, &value)?.finalize().into_bytes());
    Ok(format!("{value}.{signature}"))
}

/// Verifies and returns a sealed value. Any of the secrets may have signed it, so that they can be rotated.
pub fn unseal<T: Sealed>(secrets: &[&[u8]], token: &str, now: Timestamp) -> Result<T> {
    let forged = || Error::unauthenticated("This was not made by us, or was changed.");
    let (value, signature) = token
        .split_once('.')
        .filter(|_| token.len() <= MAX_TOKEN_BYTES)
        .ok_or_else(forged)?;
    let signature = BASE64.decode(signature).map_err(|_| forged())?;
    let mut genuine = false;
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        genuine |= mac::<T>(secret, value)?.verify_slice(&signature).is_ok();
    }
    if !genuine {
        return Err(forged());
    }
    let json = BASE64.decode(value).map_err(|_| forged())?;
    let inside: Inside<T> = serde_json::from_slice(&json).map_err(|_| forged())?;
    if inside.expires_at <= now.as_second() {
        return Err(Error::new(
            crate::Kind::Unauthenticated,
            "expired",
            "This has expired. Ask for a new one.",
        ));
    }
    Ok(inside.value)
}

fn mac<T: Sealed>(secret: &[u8], value: &str) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::new_from_slice(secret).map_err(|e| Error::internal("bad_secret", e))?;
    mac.update(T::PURPOSE.as_bytes());
    mac.update(b".");
    mac.update(value.as_bytes());
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Ticket {
        room: String,
    }

    impl Sealed for Ticket {
        const PURPOSE: &'static str = "ticket";
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Offer {
        room: String,
    }

    impl Sealed for Offer {
        const PURPOSE: &'static str = "offer";
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sealed() -> String {
        seal(b"secret", &Ticket { room: "r".into() }, at(100)).unwrap()
    }

    #[test]
    fn sealed_values_are_valid_until_they_expire() {
        let ticket: Ticket = unseal(&[b"new", b"secret"], &sealed(), at(99)).unwrap();
        assert_eq!(ticket.room, "r");
        assert_eq!(
            unseal::<Ticket>(&[b"secret"], &sealed(), at(100))
                .unwrap_err()
                .code(),
            "expired"
        );
    }

    #[test]
    fn tokens_of_another_secret_or_purpose_are_refused() {
        for secrets in [&[b"other".as_slice()][..], &[b""], &[]] {
            assert!(
                unseal::<Ticket>(secrets, &sealed(), at(1)).is_err(),
                "{secrets:?}"
            );
        }
        assert!(unseal::<Offer>(&[b"secret"], &sealed(), at(1)).is_err());
    }

    proptest! {
        #[test]
        fn whatever_was_changed_is_forged(place in 0usize..1_000, letter in "[A-Za-z0-9_.-]") {
            let token = sealed();
            let place = place % token.len();
            let mut changed = token.clone();
            changed.replace_range(place..=place, &letter);
            let opened = unseal::<Ticket>(&[b"secret"], &changed, at(1));
            prop_assert_eq!(opened.is_ok(), changed == token);
        }

        #[test]
        fn no_text_breaks_it(token in ".*") {
            prop_assert!(unseal::<Ticket>(&[b"secret"], &token, at(1)).is_err());
        }
    }
}
