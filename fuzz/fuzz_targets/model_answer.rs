//! `cargo +nightly fuzz run model_answer fuzz/corpus/model_answer fuzz/seeds/model_answer -- -max_total_time=60`
#![no_main]

use std::collections::BTreeSet;

use confab_openai::{Seen, parse_seen, parse_vectors, parse_verdict};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|body: &[u8]| {
    if let Ok(seen) = parse_seen(body) {
        check(&seen);
    }
    // The model's own words are within what its server answers.
    if let Ok(content) = std::str::from_utf8(body) {
        let message = json!({"content": content, "refusal": null});
        let completion = json!({"choices": [{"message": message, "finish_reason": "stop"}]});
        if let Ok(seen) = parse_seen(completion.to_string().as_bytes()) {
            check(&seen);
        }
    }
    if let Ok(vectors) = parse_vectors(body, 2, 3) {
        assert!(vectors.len() == 2 && vectors.iter().all(|vector| vector.len() == 3));
        assert!(vectors.iter().flatten().all(|part| part.is_finite()));
    }
    if let Ok(verdict) = parse_verdict(body) {
        assert!(verdict.flagged || verdict.categories.is_empty());
        assert!(verdict.categories.len() <= 32 && verdict.categories.iter().all(|name| name.is_ascii()));
    }
});

fn check(seen: &Seen) {
    assert!((3..=10).contains(&seen.suggestions.len()));
    let keys: BTreeSet<_> = seen.suggestions.iter().map(|suggestion| &suggestion.key).collect();
    assert_eq!(keys.len(), seen.suggestions.len());
    for suggestion in &seen.suggestions {
        assert!((2..=40).contains(&suggestion.name.chars().count()), "{suggestion:?}");
        assert!(suggestion.key.len() <= 48 && suggestion.description.chars().count() <= 160);
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(!suggestion.key.is_empty() && suggestion.key.chars().all(kebab), "{suggestion:?}");
        assert!(!suggestion.name.contains(['<', '>', '\u{202e}', '\u{200b}', '\0', '\n']), "{suggestion:?}");
    }
    let caption = &seen.caption;
    assert!(caption.title.chars().count() <= 80 && caption.category.chars().count() <= 40);
    assert!(caption.visible_text.as_str().chars().count() <= 500 && caption.caption.chars().count() <= 400);
}
