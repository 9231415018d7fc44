//! `cargo +nightly fuzz run payment_notice fuzz/corpus/payment_notice fuzz/seeds/payment_notice -- -max_total_time=60`
//! The first line of the input is the signature's header, the rest the body.
#![no_main]

use confab_core::Timestamp;
use confab_provider_base::generic;
use confab_stripe::{Subject, parse, sign, verify};
use confab_sumit as sumit;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (header, body) = input.split_at(end);
    let (header, body) = (String::from_utf8_lossy(header), body.strip_prefix(b"\n").unwrap_or(body));
    let now = Timestamp::from_second(1_749_430_783).unwrap();
    let secrets = ["whsec_fuzz".to_owned().into(), "whsec_next".to_owned().into()];
    // A guessed signature must never verify.
    assert!(verify(&secrets, body, Some(&header), now).is_err());
    assert!(generic::verify(&secrets, body, Some(&header), now).is_err());
    let signed = sign(&secrets[1], body, now).unwrap();
    assert!(verify(&secrets, body, Some(&signed), now).is_ok());
    assert!(generic::verify(&secrets, body, Some(&signed), now).is_err());
    if let Ok(notice) = parse(body) {
        assert!((1..=512).contains(&notice.id.len()) && (1..=64).contains(&notice.kind.len()));
        assert!(notice.kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)));
        assert!(notice.subject != Subject::Other || notice.payment_intent.is_none());
    }
    if let Ok(trigger) = sumit::parse(body) {
        assert!((1..=512).contains(&trigger.entity_id.len()));
    }
});
