//! Verifies webhooks of Stripe.

use confab_core::{Result, Timestamp};
use confab_provider_base::signature;
use secrecy::SecretString;

const SCHEME: &str = "v1";

/// Verifies `Stripe-Signature` over the raw body; a key is the whole secret with its `whsec_`.
pub fn verify(
    secrets: &[SecretString],
    raw_body: &[u8],
    header: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    signature::verify(SCHEME, secrets, raw_body, header, now)
}

/// Signs a body, as Stripe would.
pub fn sign(secret: &SecretString, raw_body: &[u8], at: Timestamp) -> Result<String> {
    signature::sign(SCHEME, secret, raw_body, at)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct OracleCase {
        case: String,
        secrets: Vec<String>,
        body: String,
        now: i64,
        header: String,
        accepted: bool,
    }

    /// Cases where we are deliberately stricter than Stripe's library.
    const STRICTER_CASES: [&str; 3] = [
        // The library accepts future timestamps, so a leaked signature could stay valid for years.
        "future",
        // The library accepts a signed timestamp that is not a number.
        "not_a_number",
        // The library accepts bytes that are not valid in a header.
        "non_ascii",
    ];

    #[test]
    fn headers_verify_exactly_when_stripes_library_accepts_them() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../tests/oracle/stripe-signatures.jsonl"
        );
        let lines = std::fs::read_to_string(path).unwrap();
        let mut count = [0, 0];
        for line in lines.lines() {
            let verdict: OracleCase = serde_json::from_str(line).unwrap();
            let OracleCase {
                case,
                secrets,
                body,
                now,
                header,
                accepted,
            } = verdict;
            let secrets: Vec<SecretString> = secrets.into_iter().map(Into::into).collect();
            let now = Timestamp::from_second(now).unwrap();
            let is_accepted = verify(&secrets, body.as_bytes(), Some(&header), now).is_ok();
            let is_stricter = STRICTER_CASES.contains(&case.as_str());
            assert!(
                !is_stricter || accepted,
                "{case} is rejected by the library as well: {header}"
            );
            assert_eq!(is_accepted, accepted && !is_stricter, "{case}: {header}");
            count[usize::from(accepted)] += 1;
        }
        assert_eq!(count.iter().sum::<usize>(), 1_000);
        assert!(count.iter().all(|count| *count > 300), "{count:?}");
    }
}
