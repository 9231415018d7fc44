//! Is this webhook from Stripe?

use confab_core::{Result, Timestamp};
use secrecy::SecretString;

use confab_provider_base::signature;

const SCHEME: &str = "v1";

/// `header` is `Stripe-Signature`; the key is the whole secret with its `whsec_`; `raw_body` the bytes as they came.
pub fn verify(
    secrets: &[SecretString],
    raw_body: &[u8],
    header: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    signature::verify(SCHEME, secrets, raw_body, header, now)
}

/// The header that Stripe would send.
pub fn sign(secret: &SecretString, raw_body: &[u8], at: Timestamp) -> Result<String> {
    signature::sign(SCHEME, secret, raw_body, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Verdict {
        case: String,
        secrets: Vec<String>,
        body: String,
        now: i64,
        header: String,
        accepted: bool,
    }

    /// Where we are stricter than Stripe's library, on purpose.
    const STRICTER: [&str; 3] = [
        // It takes a time that is yet to come: a signature that leaked ahead of its time would be good for years.
        "future",
        // It takes a time that is no number when that is what was signed.
        "not_a_number",
        // It reads on after bytes that no header holds.
        "non_ascii",
    ];

    #[test]
    fn headers_are_read_as_stripes_own_library_reads_them() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/oracle/stripe-signatures.jsonl"
        );
        let lines = std::fs::read_to_string(path).unwrap();
        let mut count = [0, 0];
        for line in lines.lines() {
            let verdict: Verdict = serde_json::from_str(line).unwrap();
            let Verdict {
                case,
                secrets,
                body,
                now,
                header,
                accepted,
            } = verdict;
            let secrets: Vec<SecretString> = secrets.into_iter().map(Into::into).collect();
            let now = Timestamp::from_second(now).unwrap();
            let ours = verify(&secrets, body.as_bytes(), Some(&header), now).is_ok();
            let stricter = STRICTER.contains(&case.as_str());
            assert!(!stricter || accepted, "{case} is no difference: {header}");
            assert_eq!(ours, accepted && !stricter, "{case}: {header}");
            count[usize::from(accepted)] += 1;
        }
        assert_eq!(count.iter().sum::<usize>(), 1_000);
        assert!(count.iter().all(|count| *count > 300), "{count:?}");
    }
}
