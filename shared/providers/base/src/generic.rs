//! Payment notices of a provider that has no module of its own: signed with a shared secret, in one plain form.

use confab_core::{Result, Timestamp};
use secrecy::SecretString;

use crate::timestamped;

const SCHEME: &str = "sha256";

/// `header` is `X-Signature: t=<unix>,sha256=<hex>`, over `{t}.` and the bytes as they came.
pub fn verify(
    secrets: &[SecretString],
    raw_body: &[u8],
    header: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    timestamped::verify(SCHEME, secrets, raw_body, header, now)
}

/// The header that such a provider would send.
pub fn sign(secret: &SecretString, raw_body: &[u8], at: Timestamp) -> Result<String> {
    timestamped::sign(SCHEME, secret, raw_body, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_verifies_under_its_own_scheme_alone() {
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
