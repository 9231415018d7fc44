//! `cargo +nightly fuzz run twilio_webhook fuzz/corpus/twilio_webhook fuzz/seeds/twilio_webhook -- -max_total_time=60`
//! The first line of the input is the query of our address, the rest the body.
#![no_main]

mod updates;

use confab_core::Timestamp;
use confab_twilio::{form, parse, parse_json, sign, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (query, body) = input.split_at(end);
    let (query, body) = (String::from_utf8_lossy(query), body.strip_prefix(b"\n").unwrap_or(body));
    let token = "12345".to_owned().into();
    let url = format!("https://a.example/SmsReceived?{query}");
    let params = form(body);
    assert!(verify(std::slice::from_ref(&token), &url, &params, body, Some(&query)).is_err());
    if let Ok(signature) = sign(&token, &url, &params) {
        let verified = verify(std::slice::from_ref(&token), &url, &params, body, Some(&signature));
        // A body without parameters needs its hash in the query.
        let is_bare = params.is_empty() && !body.is_empty();
        assert!(verified.is_ok() || is_bare || query.contains("bodySHA256") || query.contains('%'));
    }
    updates::check(&parse(&params, &query, Timestamp::UNIX_EPOCH));
    if let Ok(parsed) = parse_json(body, &query, Timestamp::UNIX_EPOCH) {
        updates::check(&parsed);
    }
});
