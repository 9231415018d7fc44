use confab_core::length;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn completion(content: Value, finish_reason: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4.1-mini-2025-04-14",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content, "refusal": null, "annotations": []},
            "logprobs": null, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 500, "completion_tokens": 321, "total_tokens": 821},
    })
}

fn room(name: &str, key: &str) -> Value {
    json!({"name": name, "key": key, "description": format!("About {name}.")})
}

fn read(body: &Value) -> Result<Seen, ModelError> {
    parse_seen(body.to_string().as_bytes())
}

fn seen(content: &Value) -> Result<Seen, ModelError> {
    read(&completion(content.to_string().into(), "stop"))
}

/// Parses `good` valid suggestions followed by `others`.
fn parse_with_valid(good: usize, others: &[Value]) -> Result<Seen, ModelError> {
    let names = [
        "Pier One",
        "Pier Two",
        "Pier Three",
        "Pier Four",
        "Pier Five",
        "Pier Six",
        "Pier Seven",
    ];
    let good = names[..good]
        .iter()
        .map(|name| room(name, &name.to_lowercase().replace(' ', "-")));
    seen(&json!({"suggestions": good.chain(others.iter().cloned()).collect::<Vec<_>>()}))
}

fn keys(seen: &Seen) -> Vec<&str> {
    seen.suggestions
        .iter()
        .map(|suggestion| suggestion.key.as_str())
        .collect()
}

fn is_unusable(result: &Result<Seen, ModelError>) -> bool {
    matches!(result, Err(ModelError::Unusable(_)))
}

#[test]
fn valid_response_is_parsed() {
    let caption = json!({"title": "A pier", "category": "seaside", "visible_text": "NO\nDIVING", "caption": "A pier at dusk."});
    let suggestions: Vec<Value> = (0..10)
        .map(|n| room(&format!("Pier {n}"), &format!("pier-{n}")))
        .collect();
    let seen = seen(&json!({"suggestions": suggestions, "caption": caption})).unwrap();
    assert_eq!(seen.suggestions.len(), 10);
    let first = Suggestion {
        name: "Pier 0".into(),
        key: "pier-0".into(),
        description: "About Pier 0.".into(),
    };
    assert_eq!(seen.suggestions[0], first);
    assert_eq!(
        (
            seen.caption.title.as_str(),
            seen.caption.visible_text.as_str()
        ),
        ("A pier", "NO DIVING")
    );
    assert_eq!(
        seen.usage,
        Usage {
            prompt_tokens: 500,
            cached_tokens: 0,
            completion_tokens: 321
        }
    );
    // Text in a user's picture stays out of the log.
    assert!(!format!("{seen:?}").contains("DIVING"));
}

#[test]
fn json_is_found_between_words_and_fences() {
    let good = json!({"suggestions": [room("One", "a"), room("Two", "b"), room("Three", "c")]})
        .to_string();
    for content in [
        format!("```json\n{good}\n```"),
        format!("Here you are: {good} Enjoy!"),
        format!("\u{feff}{good}"),
    ] {
        assert_eq!(
            keys(&read(&completion(content.into(), "stop")).unwrap()),
            ["a", "b", "c"]
        );
    }
}

#[test]
fn refusal_is_reported_without_the_models_words() {
    let mut refused = completion(Value::Null, "stop");
    refused["choices"][0]["message"]["refusal"] = "I can't help with this picture of Dana.".into();
    let error = read(&refused).unwrap_err();
    assert_eq!(error, ModelError::declined());
    assert!(!error.may_try_again() && !error.to_string().contains("Dana"));
    assert_eq!(
        read(&completion("{".into(), "content_filter")).unwrap_err(),
        ModelError::declined()
    );
    refused["choices"][0]["message"]["refusal"] = " ".into();
    assert!(is_unusable(&read(&refused)));
}

#[test]
fn truncated_completion_is_unusable_even_when_it_parses() {
    let good = json!({"suggestions": [room("One", "a"), room("Two", "b"), room("Three", "c")]})
        .to_string();
    assert!(read(&completion(good.clone().into(), "stop")).is_ok());
    assert!(is_unusable(&read(&completion(good.into(), "length"))));
}

#[test]
fn malformed_bodies_are_unusable() {
    let nested = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    let nested_objects = format!(
        "{}1{}",
        r#"{"suggestions":"#.repeat(50_000),
        "}".repeat(50_000)
    );
    for content in [
        json!(null),
        json!(7),
        json!(["x"]),
        json!({"suggestions": []}),
        json!(""),
        json!("{"),
        json!("}{"),
        json!("{}"),
        json!("null"),
        json!("[]"),
        json!(nested),
        json!(format!(r#"{{"suggestions":{nested}}}"#)),
        json!(nested_objects),
        json!(r#"{"suggestions":null}"#),
        json!(r#"{"suggestions":{"name":"x"}}"#),
        json!(r#"{"suggestions":"x"}"#),
        json!(
            r#"{"suggestions":[null,1,"x",[],{},{"name":null},{"name":["x"]},{"name":{}},{"nom":"Plage"}]}"#
        ),
    ] {
        assert!(
            is_unusable(&read(&completion(content.clone(), "stop"))),
            "{content:.100}"
        );
    }
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "<html>",
        r#"{"choices":[]}"#,
        r#"{"choices":[{}]}"#,
        r#"{"choices":{"0":1}}"#,
        &nested,
    ] {
        assert!(is_unusable(&parse_seen(body.as_bytes())), "{body:.100}");
    }
    assert!(is_unusable(&parse_seen(b"\xff\xfe{}")));
}

#[test]
fn response_needs_three_valid_suggestions() {
    let bad = [
        room("<b>Beach</b>", "a"),
        room("x", "b"),
        room("", "c"),
        room("Call 0541234567", "d"),
        json!({"key": "e"}),
        json!(7),
    ];
    assert!(is_unusable(&parse_with_valid(2, &bad)));
    assert_eq!(parse_with_valid(3, &bad).unwrap().suggestions.len(), 3);
}

#[test]
fn duplicate_names_are_dropped_and_keys_made_unique() {
    let same = [
        room("pier one", "other"),
        room("Ｐｉｅｒ ＯＮＥ", "third"),
        room("Pier\u{200b} One", "fourth"),
    ];
    assert_eq!(
        keys(&parse_with_valid(3, &same).unwrap()),
        ["pier-one", "pier-two", "pier-three"]
    );
    let keyless = [
        room("Harbour", "pier-one"),
        room("Harbour Light", "harbour"),
        room("חוף", "pier one"),
        room("מזח", ""),
    ];
    let seen = parse_with_valid(1, &keyless).unwrap();
    assert_eq!(
        keys(&seen),
        ["pier-one", "harbour", "harbour-light", "room-4", "room-5"]
    );
    // A fallback key may already be taken by a proposed one.
    let taken = [room("Room", "room-4"), room("בית", ""), room("קפה", "")];
    assert_eq!(
        keys(&parse_with_valid(1, &taken).unwrap()),
        ["pier-one", "room-4", "room-3", "room-5"]
    );
}

#[test]
fn malformed_fields_are_dropped_alone() {
    let seen = seen(&json!({
        "suggestions": [
            {"name": "One", "key": 7, "description": ["x"]},
            {"name": "Two", "key": null, "extra": {"deep": [1]}},
            {"name": "Three", "key": "\u{202e}<script>", "description": "\u{202e}Hi\u{0}\nthere <b>you</b>"},
            {"name": "Four", "key": true},
        ],
        "caption": {"title": 5, "category": [], "visible_text": null, "caption": "x".repeat(100_000)},
    }));
    let seen = seen.unwrap();
    assert_eq!(keys(&seen), ["7", "two", "script", "four"]);
    assert_eq!(
        (
            seen.suggestions[0].description.as_str(),
            seen.suggestions[2].description.as_str()
        ),
        ("", "Hi there <b>you</b>")
    );
    assert_eq!(
        (seen.caption.title.as_str(), seen.caption.caption.len()),
        ("5", MAX_CAPTION_CHARS)
    );
    for caption in [json!(null), json!("x"), json!([])] {
        let seen = super::tests::seen(
            &json!({"suggestions": [room("One", "a"), room("Two", "b"), room("Three", "c")], "caption": caption}),
        );
        assert_eq!(seen.unwrap().caption, Caption::default());
    }
}

#[test]
fn suggestions_and_their_fields_are_bounded() {
    let many: Vec<Value> = (0..10_000)
        .map(|n| room(&format!("Room {n}"), "same"))
        .collect();
    let seen = seen(&json!({"suggestions": many})).unwrap();
    assert_eq!(seen.suggestions.len(), MAX_SUGGESTIONS);
    assert_eq!(keys(&seen)[..2], ["same", "room-1"]);
    let long: Vec<Value> = (0..3)
        .map(|n| {
            room(
                &format!("{n} {}", "Beach ".repeat(20_000)),
                &"b".repeat(100_000),
            )
        })
        .collect();
    let seen = super::tests::seen(&json!({"suggestions": long})).unwrap();
    assert!(seen.suggestions.iter().all(|room| length(&room.name) <= 40
        && room.key.len() <= 48
        && length(&room.description) <= 160));
}

#[test]
fn malformed_usage_counts_as_zero() {
    let good = json!({"suggestions": [room("One", "a"), room("Two", "b"), room("Three", "c")]})
        .to_string();
    let mut body = completion(good.into(), "stop");
    body["usage"] = json!({"prompt_tokens": -4, "completion_tokens": 9});
    assert_eq!(read(&body).unwrap().usage, Usage::default());
    body["usage"] = json!("much");
    assert_eq!(read(&body).unwrap().usage, Usage::default());
}

proptest! {
    #[test]
    fn any_suggestion_is_sanitized_or_dropped(rooms in prop::collection::vec((".{0,50}", "[a-c א-ת-]{0,4}", ".{0,300}"), 0..15)) {
        let rooms: Vec<Value> = rooms.into_iter().map(|(name, key, description)| json!({"name": name, "key": key, "description": description})).collect();
        let Ok(seen) = parse_with_valid(3, &rooms) else { return Err(TestCaseError::fail("three were good")) };
        prop_assert!((3..=10).contains(&seen.suggestions.len()));
        let names: BTreeSet<_> = seen.suggestions.iter().map(|room| room.name.to_lowercase()).collect();
        prop_assert_eq!(names.len(), seen.suggestions.len());
        prop_assert_eq!(keys(&seen).into_iter().collect::<BTreeSet<_>>().len(), seen.suggestions.len());
        for room in &seen.suggestions {
            prop_assert!((2..=40).contains(&length(&room.name)) && (1..=48).contains(&room.key.len()));
            prop_assert!(length(&room.description) <= 160);
        }
    }

    #[test]
    fn parsing_never_panics_on_any_body(body in prop::collection::vec(any::<u8>(), 0..200), json in "[\\[\\]{}\":,a0 \\\\]{0,80}") {
        prop_assert!(is_unusable(&parse_seen(&body)));
        prop_assert!(is_unusable(&read(&completion(json.into(), "stop"))));
    }
}
