//! Timestamped signatures: `t=<unix seconds>,<scheme>=<hex of HMAC-SHA256 over "{t}.{body}">`.
//! Headers are parsed as Stripe's Node library parses them; `tests/oracle` compares the two.

use confab_core::{Error, Result, Timestamp, hex};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::secrets::non_blank;

/// Clock skew that is tolerated, in either direction.
const TOLERANCE_SECONDS: u64 = 300;

/// Accepts any of the secrets and any of the signatures, so that a secret can be rotated.
pub fn verify(
    scheme: &str,
    secrets: &[SecretString],
    raw_body: &[u8],
    header: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let header = header
        .and_then(|header| SignatureHeader::parse(header, scheme))
        .ok_or_else(invalid_signature)?;
    if header.at.abs_diff(now.as_second()) > TOLERANCE_SECONDS {
        return Err(Error::unauthenticated("The signature has expired."));
    }
    for secret in non_blank(secrets) {
        let expected = signature(secret, raw_body, header.at)?;
        let is_expected = |claimed: &&str| claimed.as_bytes().ct_eq(expected.as_bytes()).into();
        if header.signatures.iter().any(is_expected) {
            return Ok(());
        }
    }
    Err(invalid_signature())
}

/// Signs a body, as the sender would.
pub fn sign(scheme: &str, secret: &SecretString, raw_body: &[u8], at: Timestamp) -> Result<String> {
    let at = at.as_second();
    Ok(format!(
        "t={at},{scheme}={}",
        signature(secret, raw_body, at)?
    ))
}

fn invalid_signature() -> Error {
    Error::unauthenticated("The signature does not match the body.")
}

fn signature(secret: &SecretString, raw_body: &[u8], at: i64) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map_err(|error| Error::internal("bad_webhook_secret", error))?;
    mac.update(format!("{at}.").as_bytes());
    mac.update(raw_body);
    Ok(hex(&mac.finalize().into_bytes()))
}

struct SignatureHeader<'a> {
    at: i64,
    signatures: Vec<&'a str>,
}

impl<'a> SignatureHeader<'a> {
    fn parse(header: &'a str, scheme: &str) -> Option<Self> {
        if !header.is_ascii() {
            return None;
        }
        let mut at = None;
        let mut signatures = Vec::new();
        for item in header.split(',') {
            let mut parts = item.split('=');
            let (name, value) = (parts.next()?, parts.next());
            if name == "t" {
                at = value.and_then(leading_number);
            } else if name == scheme {
                signatures.push(value.filter(|value| !value.is_empty())?);
            }
        }
        Some(Self {
            at: at?,
            signatures,
        })
    }
}

/// Parses a number as JavaScript's `parseInt` does: leading spaces and trailing text are skipped.
fn leading_number(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let sign = usize::from(text.starts_with(['+', '-']));
    let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
    text[..sign + digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use confab_core::Kind;

    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_test"}"#;
    const AT: i64 = 1_492_774_577;
    const VECTOR: &str = "22f7d74836ddad3284a2b80853dd2fe731655c1bfddcff3c3666a500cf3abd80";

    fn secrets(texts: &[&str]) -> Vec<SecretString> {
        texts.iter().map(|text| SecretString::from(*text)).collect()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn check(header: &str, now: i64) -> Result<()> {
        verify(
            "v1",
            &secrets(&["whsec_test_secret"]),
            BODY,
            Some(header),
            at(now),
        )
    }

    #[test]
    fn published_vector_verifies() {
        let header = format!("t={AT},v1={VECTOR}");
        check(&header, AT).unwrap();
        assert_eq!(
            sign("v1", &"whsec_test_secret".into(), BODY, at(AT)).unwrap(),
            header
        );
    }

    #[test]
    fn signature_verifies_with_any_active_secret_and_any_listed_signature() {
        let other = sign("v1", &"whsec_other".into(), BODY, at(AT)).unwrap();
        let header = format!(
            "{other},v1={VECTOR},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"
        );
        check(&header, AT).unwrap();
        let all = secrets(&["whsec_new", "whsec_test_secret"]);
        verify(
            "v1",
            &all,
            BODY,
            Some(&format!("t={AT},v1={VECTOR}")),
            at(AT),
        )
        .unwrap();
        verify("v1", &all, BODY, Some(&other), at(AT)).unwrap_err();
    }

    #[test]
    fn signature_verifies_within_five_minutes_either_way() {
        let header = format!("t={AT},v1={VECTOR}");
        for (now, good) in [
            (-301, false),
            (-300, true),
            (0, true),
            (300, true),
            (301, false),
        ] {
            assert_eq!(check(&header, AT + now).is_ok(), good, "{now}");
        }
    }

    #[test]
    fn header_is_parsed_as_stripes_library_parses_it() {
        let upper = VECTOR.to_uppercase();
        let short = &VECTOR[..63];
        for (header, good) in [
            (format!("t= {AT},v1={VECTOR}"), true),
            (format!("t=00{AT}x,v1={VECTOR}"), true),
            (format!("t=1,t={AT},v1={VECTOR}"), true),
            (format!("v1={VECTOR}=x,,x=y,t={AT}"), true),
            (format!("t={AT},t=1,v1={VECTOR}"), false),
            (format!("t={AT},t=,v1={VECTOR}"), false),
            (format!("t={AT}, v1={VECTOR}"), false),
            (format!("t={AT},v1={VECTOR} "), false),
            (format!("T={AT},v1={VECTOR}"), false),
            (format!("t={AT},v1={upper}"), false),
            (format!("t={AT},v1={short}"), false),
            (format!("t={AT},v1,v1={VECTOR}"), false),
            (format!("t={AT},v1={VECTOR},v1="), false),
            (format!("t={AT},v0={VECTOR}"), false),
            (format!("t={AT};v1={VECTOR}"), false),
            (format!("t={AT},v1={VECTOR},x=é"), false),
            (format!("t=99999999999999999999999999,v1={VECTOR}"), false),
            (format!("t=-{AT},v1={VECTOR}"), false),
            (format!("v1={VECTOR}"), false),
            (format!("t={AT}"), false),
            ("t=,v1=".to_owned(), false),
            (String::new(), false),
            (",".repeat(100_000), false),
            (
                format!("t={AT}{}", format!(",v1={short}f").repeat(10_000)),
                false,
            ),
        ] {
            let shown: String = header.chars().take(120).collect();
            match check(&header, AT) {
                Ok(()) => assert!(good, "{shown}"),
                Err(error) => assert!(
                    !good && error.kind() == Kind::Unauthenticated,
                    "{shown}: {error}"
                ),
            }
        }
        assert!(verify("v1", &secrets(&["whsec_test_secret"]), BODY, None, at(AT)).is_err());
    }

    #[test]
    fn blank_secret_verifies_nothing() {
        for secret in ["", " ", "\n"] {
            let header = sign("v1", &secret.into(), BODY, at(AT)).unwrap();
            assert!(verify("v1", &secrets(&[secret]), BODY, Some(&header), at(AT)).is_err());
        }
        assert!(
            verify(
                "v1",
                &[],
                BODY,
                Some(&format!("t={AT},v1={VECTOR}")),
                at(AT)
            )
            .is_err()
        );
    }
}
