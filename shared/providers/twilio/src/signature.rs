//! Twilio's signature over our public URL and the sorted parameters of the form.

use base64::{Engine, engine::general_purpose::STANDARD};
use confab_core::{Error, Result};
use confab_provider_base::secrets::{decode_sha256, non_blank};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Verifies `X-Twilio-Signature`; `url` is our public URL with its query, as Twilio was given it.
/// A body that is no form is signed through its hash in the query, and `params` are not covered
/// then.
/// Any of `auth_tokens` may have signed: two are active during a rotation.
pub fn verify(
    auth_tokens: &[SecretString],
    url: &str,
    params: &[(String, String)],
    raw_body: &[u8],
    header: Option<&str>,
) -> Result<()> {
    let claimed = header
        .and_then(|header| STANDARD.decode(header).ok())
        .ok_or_else(invalid_signature)?;
    let params = match body_hash(url) {
        Some(hash) => {
            let actual = Sha256::digest(raw_body);
            let is_same = decode_sha256(&hash).is_some_and(|hash| hash.ct_eq(&actual).into());
            if !is_same {
                return Err(invalid_signature());
            }
            Vec::new()
        }
        // No part of such a body is covered by the signature.
        None if params.is_empty() && !raw_body.is_empty() => return Err(invalid_signature()),
        None => sorted_unique(params),
    };
    for variant in signed_url_variants(url) {
        for auth_token in non_blank(auth_tokens) {
            if mac(auth_token, &variant, &params)?
                .verify_slice(&claimed)
                .is_ok()
            {
                return Ok(());
            }
        }
    }
    Err(invalid_signature())
}

/// Signs a form, as Twilio would.
pub fn sign(auth_token: &SecretString, url: &str, params: &[(String, String)]) -> Result<String> {
    let mac = mac(auth_token, url, &sorted_unique(params))?;
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

fn invalid_signature() -> Error {
    Error::unauthenticated("The signature does not match the URL and the parameters.")
}

fn mac(auth_token: &SecretString, url: &str, params: &[(&str, &str)]) -> Result<Hmac<Sha1>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.expose_secret().as_bytes())
        .map_err(|error| Error::internal("bad_auth_token", error))?;
    mac.update(url.as_bytes());
    for (key, value) in params {
        mac.update(key.as_bytes());
        mac.update(value.as_bytes());
    }
    Ok(mac)
}

/// Sorts parameters by key and value and drops duplicates, as Twilio does before it signs.
fn sorted_unique(params: &[(String, String)]) -> Vec<(&str, &str)> {
    let mut params: Vec<_> = params
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    params.sort_unstable();
    params.dedup();
    params
}

fn body_hash(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    form_urlencoded::parse(query.as_bytes())
        .find_map(|(key, value)| (key == "bodySHA256").then(|| value.into_owned()))
}

/// Lists the forms of the URL that Twilio may have signed: with or without the port, and with
/// either encoding of the query.
fn signed_url_variants(url: &str) -> Vec<String> {
    let mut variants = vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else {
        return variants;
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host_and_port, path_and_query) = rest.split_at(end);
    let host = host_and_port
        .rsplit_once(':')
        .filter(|(_, port)| is_port(port))
        .map_or(host_and_port, |(host, _)| host);
    let port = host_and_port
        .strip_prefix(host)
        .filter(|port| !port.is_empty());
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let port = port.unwrap_or(default_port);
    let mut path_variants = vec![path_and_query.to_owned()];
    if let Some((path, query)) = path_and_query.split_once('?') {
        path_variants.push(format!("{path}?{}", legacy_query(query)));
        path_variants.push(format!("{path}?{}", query.replace('\'', "%27")));
    }
    for path_and_query in path_variants {
        for variant in [
            format!("{scheme}://{host}{path_and_query}"),
            format!("{scheme}://{host}{port}{path_and_query}"),
        ] {
            if !variants.contains(&variant) {
                variants.push(variant);
            }
        }
    }
    variants
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Decodes and re-encodes each name and value, as older Twilio systems did.
fn legacy_query(query: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'!')
        .remove(b'~')
        .remove(b'*')
        .remove(b'\'')
        .remove(b'(')
        .remove(b')');
    let mut encoded = String::with_capacity(query.len());
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if !encoded.is_empty() {
            encoded.push('&');
        }
        encoded.extend(utf8_percent_encode(&key, KEPT));
        encoded.push('=');
        encoded.extend(utf8_percent_encode(&value, KEPT));
    }
    encoded
}

#[cfg(test)]
mod tests {
    use confab_core::Kind;

    use super::*;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

    fn token() -> SecretString {
        "12345".to_owned().into()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn call(caller: &str) -> Vec<(String, String)> {
        pairs(&[
            ("Digits", "1234"),
            ("To", "+18005551212"),
            ("From", caller),
            ("Caller", caller),
            ("CallSid", "CA1234567890ABCDE"),
        ])
    }

    #[test]
    fn published_vectors_verify() {
        for (caller, signature) in [
            ("+12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
            ("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ] {
            verify(&[token()], URL, &call(caller), b"", Some(signature)).unwrap();
            assert_eq!(sign(&token(), URL, &call(caller)).unwrap(), signature);
        }
    }

    #[test]
    fn signature_is_rejected_when_any_part_differs() {
        let signed = sign(&token(), URL, &call("+12349013030")).unwrap();
        let mut one_more = call("+12349013030");
        one_more.push(("New".into(), "1".into()));
        let refused =
            |token: &SecretString, url, params: &[(String, String)], header: Option<&str>| {
                let error =
                    verify(std::slice::from_ref(token), url, params, b"", header).unwrap_err();
                assert_eq!(error.kind(), Kind::Unauthenticated);
            };
        refused(&token(), URL, &one_more, Some(&signed));
        refused(&token(), URL, &call("+14158675309"), Some(&signed));
        refused(
            &token(),
            "https://mycompany.com/myapp.php?foo=1",
            &call("+12349013030"),
            Some(&signed),
        );
        refused(
            &"other".to_owned().into(),
            URL,
            &call("+12349013030"),
            Some(&signed),
        );
        for header in [
            None,
            Some(""),
            Some("0/KCTR6DLpKmkAf8muzZqo1nDg"),
            Some("é"),
        ] {
            refused(&token(), URL, &call("+12349013030"), header);
        }
    }

    #[test]
    fn every_active_token_verifies_during_a_rotation() {
        let params = call("+12349013030");
        let signature = sign(&token(), URL, &params).unwrap();
        let active = ["new-token".to_owned().into(), token()];
        verify(&active, URL, &params, b"", Some(&signature)).unwrap();
        assert!(verify(&active[..1], URL, &params, b"", Some(&signature)).is_err());
        let blank: SecretString = String::new().into();
        let forged = sign(&blank, URL, &params).unwrap();
        assert!(verify(&[blank], URL, &params, b"", Some(&forged)).is_err());
    }

    #[test]
    fn signature_verifies_with_or_without_the_port_and_with_either_encoding() {
        let params = call("+12349013030");
        for (ours, theirs) in [
            ("https://a.example/x?y=1", "https://a.example:443/x?y=1"),
            ("http://a.example/x", "http://a.example:80/x"),
            ("https://a.example:8443/x", "https://a.example/x"),
            ("https://a.example:8443/x", "https://a.example:8443/x"),
            ("https://a.example?y=1", "https://a.example:443?y=1"),
            (
                "https://a.example/x?name=it%27s+me",
                "https://a.example/x?name=it's%20me",
            ),
            ("https://a.example/x?it's=1", "https://a.example/x?it%27s=1"),
        ] {
            let signature = sign(&token(), theirs, &params).unwrap();
            verify(&[token()], ours, &params, b"", Some(&signature))
                .unwrap_or_else(|_| panic!("{ours} {theirs}"));
        }
    }

    #[test]
    fn repeated_parameters_are_signed_once_in_order() {
        let once = pairs(&[("A", "1"), ("A", "2"), ("B", "x")]);
        let signature = sign(&token(), URL, &once).unwrap();
        let twice = pairs(&[("B", "x"), ("A", "2"), ("A", "1"), ("A", "2")]);
        verify(&[token()], URL, &twice, b"", Some(&signature)).unwrap();
    }

    #[test]
    fn body_without_signed_parameters_is_rejected() {
        let of_nothing = sign(&token(), URL, &[]).unwrap();
        assert!(verify(&[token()], URL, &[], b"", Some(&of_nothing)).is_ok());
        assert!(
            verify(
                &[token()],
                URL,
                &[],
                br#"{"Body":"forged"}"#,
                Some(&of_nothing)
            )
            .is_err()
        );
    }

    #[test]
    fn json_body_verifies_through_its_hash() {
        let body = br#"{"property": "value", "boolean": true}"#;
        let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        let url = format!("https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256={hash}");
        let signature = sign(&token(), &url, &[]).unwrap();
        // The published signature of this address and body.
        assert_eq!(signature, "a9nBmqA0ju/hNViExpshrM61xv4=");
        verify(&[token()], &url, &[], body, Some(&signature)).unwrap();
        assert!(verify(&[token()], &url, &[], b"{}", Some(&signature)).is_err());
    }
}
