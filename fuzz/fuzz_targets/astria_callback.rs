//! `cargo +nightly fuzz run astria_callback fuzz/corpus/astria_callback fuzz/seeds/astria_callback -- -max_total_time=60`
#![no_main]

use confab_astria::parse_callback;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Ok(callback) = parse_callback(body) else { return };
    assert!(callback.tunes.len() + callback.prompts.len() <= 2_000);
    for tune in &callback.tunes {
        assert!(tune.id > 0 && tune.title.chars().count() <= 256);
        assert!(tune.class.iter().all(|class| (1..=64).contains(&class.len()) && class.is_ascii()));
    }
    for prompt in &callback.prompts {
        assert!(prompt.id > 0 && prompt.tune_id.is_none_or(|id| id > 0));
        assert!(prompt.images.iter().all(|url| url.len() <= 2_048 && url.starts_with("http")));
        assert!(prompt.failure.iter().all(|words| words.chars().count() <= 256));
    }
    // Pictures of people stay out of the log.
    let shown = format!("{callback:?}");
    assert!(!shown.contains("://"), "{shown}");
});
