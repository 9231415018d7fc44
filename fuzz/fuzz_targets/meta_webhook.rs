//! `cargo +nightly fuzz run meta_webhook fuzz/corpus/meta_webhook fuzz/seeds/meta_webhook -- -max_total_time=60`
#![no_main]

mod updates;

use confab_core::Timestamp;
use confab_meta::{challenge, parse, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let secret = "app-secret".to_owned().into();
    let text = String::from_utf8_lossy(body);
    // No input is its own signature.
    assert!(verify(std::slice::from_ref(&secret), body, Some(&text)).is_err());
    assert!(challenge(&text, std::slice::from_ref(&secret)).is_err() || text.contains("app-secret") || text.contains('%'));
    if let Ok(parsed) = parse(body, Timestamp::UNIX_EPOCH) {
        updates::check(&parsed);
    }
});
