//! Sealed values: what we gave out, and know again as ours when somebody hands it back. Readable by all, made by us alone.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::{Error, Result, Timestamp};

/// What is sealed for one purpose is nothing for another.
pub trait Sealed: Serialize + DeserializeOwned {
    const PURPOSE: &'static str;
}

#[derive(Serialize, Deserialize)]
struct Inside<T> {
    expires_at: i64,
    value: T,
}

/// No token of ours is longer.
const LONGEST: usize = 4_096;

/// `<value>.<signature>`, both in URL-safe base64.
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

/// With several secrets, any of them: while one replaces another, both are good.
pub fn unseal<T: Sealed>(secrets: &[&[u8]], token: &str, now: Timestamp) -> Result<T> {
    let forged = || Error::unauthenticated("This was not made by us, or was changed.");
    let (value, signature) = token
        .split_once('.')
        .filter(|_| token.len() <= LONGEST)
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
    fn what_was_sealed_comes_out_until_it_expires() {
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
    fn another_secret_another_purpose_and_no_secret_open_nothing() {
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
