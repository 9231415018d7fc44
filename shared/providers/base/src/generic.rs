//! Signatures of payment notices from providers without a crate of their own: a shared secret and
//! one plain format.

use confab_core::{Result, Timestamp};
use secrecy::SecretString;

use crate::signature;

const SCHEME: &str = "sha256";

/// Verifies `X-Signature: t=<unix>,sha256=<hex>`, computed over `{t}.` and the raw body.
pub fn verify(
    secrets: &[SecretString],
    raw_body: &[u8],
    header: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    signature::verify(SCHEME, secrets, raw_body, header, now)
}

/// Signs a body, as such a provider would.
pub fn sign(secret: &SecretString, raw_body: &[u8], at: Timestamp) -> Result<String> {
    signature::sign(SCHEME, secret, raw_body, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_verifies_only_under_its_own_scheme() {
        let now = Timestamp::from_second(1_492_774_577).unwrap();
        let secrets = [SecretString::from("shared")];
        let header = sign(&secrets[0], b"{}", now).unwrap();
        assert!(header.starts_with("t=1492774577,sha256="));
        verify(&secrets, b"{}", Some(&header), now).unwrap();
        for (body, header) in [
            (b"[]".as_slice(), header.clone()),
            (b"{}", header.replace("sha256", "v1")),
            (b"{}", String::new()),
        ] {
            assert!(
                verify(&secrets, body, Some(&header), now).is_err(),
                "{header}"
            );
        }
    }
}
