use confab_core::Kind as ErrorKind;
use serde_json::{Value, json};

use super::*;

fn read(body: &Value) -> Callback {
    parse_callback(body.to_string().as_bytes()).unwrap()
}

fn tune() -> Value {
    json!({"id": 2_821_958, "title": "ord_1", "name": "woman", "eta": "2025-06-22T19:52:28.025Z", "token": "ohwx",
        "trained_at": "2025-06-22T19:47:04.072Z", "started_training_at": "2025-06-22T19:42:30.017Z",
        "created_at": "2025-06-22T19:42:20.455Z", "updated_at": "2025-06-22T19:47:04.073Z",
        "expires_at": "2025-07-22T19:47:04.072Z", "orig_images": ["https://images.example/dana"]})
}

fn prompt() -> Value {
    json!({"id": 18_609_859, "text": "ohwx woman in the style of Van Gogh", "negative_prompt": "", "steps": null,
        "tune_id": 1_504_944, "trained_at": "2024-09-29T16:16:06.539Z",
        "started_training_at": "2024-09-29T16:13:55.014Z", "created_at": "2024-09-29T16:00:43.046Z",
        "updated_at": "2024-09-29T16:16:06.677Z",
        "images": ["https://images.example/1", "https://images.example/2"]})
}

#[test]
fn tune_is_parsed_with_and_without_its_wrapper() {
    for body in [
        json!({ "tune": tune() }),
        tune(),
        json!([tune()]),
        json!([{ "tune": tune() }]),
    ] {
        let callback = read(&body);
        assert_eq!(
            (
                callback.tunes.len(),
                callback.prompts.len(),
                callback.broken
            ),
            (1, 0, 0),
            "{body}"
        );
        let tune = &callback.tunes[0];
        assert_eq!(
            (tune.id, tune.title.as_str(), tune.class.as_deref()),
            (2_821_958, "ord_1", Some("woman"))
        );
        assert_eq!(tune.trained_at, "2025-06-22T19:47:04.072Z".parse().ok());
    }
}

#[test]
fn prompt_is_parsed_with_and_without_its_wrapper() {
    for body in [
        json!({ "prompt": prompt() }),
        prompt(),
        json!([prompt()]),
        json!([{ "prompt": prompt() }]),
    ] {
        let callback = read(&body);
        assert_eq!(
            (
                callback.tunes.len(),
                callback.prompts.len(),
                callback.broken
            ),
            (0, 1, 0),
            "{body}"
        );
        let prompt = &callback.prompts[0];
        assert_eq!((prompt.id, prompt.tune_id), (18_609_859, Some(1_504_944)));
        assert_eq!(
            prompt.images,
            ["https://images.example/1", "https://images.example/2"]
        );
    }
}

#[test]
fn malformed_prompt_in_a_list_is_counted_and_skipped() {
    let body = json!([{"id": 1, "images": ["https://images.example/1"]}, 7, {"images": ["https://images.example/2"]},
        null, {"id": 3}, "x", {"id": "4", "images": null}, [], {"prompt": 5}]);
    let callback = read(&body);
    let ids: Vec<_> = callback.prompts.iter().map(|prompt| prompt.id).collect();
    assert_eq!(
        (ids, callback.tunes.len(), callback.broken),
        (vec![1, 3, 4], 0, 6)
    );
    assert_eq!(read(&json!([])), Callback::default());
}

#[test]
fn entity_kind_is_told_by_its_fields() {
    for (body, tunes, prompts) in [
        (json!({"id": 1, "images": []}), 0, 1),
        (json!({"id": 1, "tune_id": 2}), 0, 1),
        (json!({"id": 1, "text": "x", "title": "x"}), 0, 1),
        (json!({"id": 1, "orig_images": []}), 1, 0),
        (json!({"id": 1, "orig_images": [], "images": []}), 1, 0),
        (json!({"id": 1, "title": "x"}), 1, 0),
        (json!({"id": 1, "title": null, "name": "man"}), 1, 0),
        // A prompt may contain its tune, and a tune its prompts.
        (json!({"id": 1, "images": [], "tune": tune()}), 0, 1),
        (json!({"id": 1, "title": "x", "prompt": prompt()}), 1, 0),
        (json!({"tune": tune(), "prompt": prompt()}), 1, 1),
        (json!({"tune": null, "prompt": prompt()}), 0, 1),
        (
            json!({"status": "done", "prompt": prompt(), "new_field": {"id": 1}}),
            0,
            1,
        ),
    ] {
        let callback = read(&body);
        assert_eq!(
            (
                callback.tunes.len(),
                callback.prompts.len(),
                callback.broken
            ),
            (tunes, prompts, 0),
            "{body}"
        );
    }
}

#[test]
fn malformed_content_of_a_wrapper_is_counted() {
    for body in [
        json!({"tune": 5}),
        json!({"prompt": {"images": []}}),
        json!({"tune": []}),
        json!({"tune": {"id": 0}}),
    ] {
        assert_eq!(
            read(&body),
            Callback {
                broken: 1,
                ..Callback::default()
            },
            "{body}"
        );
    }
    let callback = read(&json!({"tune": "x", "prompt": prompt()}));
    assert_eq!((callback.prompts.len(), callback.broken), (1, 1));
}

#[test]
fn body_that_is_no_callback_is_invalid() {
    for body in [
        "",
        " ",
        "null",
        "7",
        "\"x\"",
        "{",
        "[",
        "{}",
        "[1",
        "[]]",
        r#"{"id":1}"#,
        r#"{"tune":null}"#,
        r#"{"x":{"id":1}}"#,
    ] {
        assert_eq!(
            parse_callback(body.as_bytes()).unwrap_err().kind(),
            ErrorKind::Invalid,
            "{body}"
        );
    }
    assert_eq!(
        parse_callback(b"{\"id\":\"\xff\"}").unwrap_err().kind(),
        ErrorKind::Invalid
    );
}

#[test]
fn large_bodies_are_refused() {
    let mut large = prompt();
    large["text"] = "x".repeat(MAX_CALLBACK_BYTES).into();
    let many = vec![json!({"id": 1}); MAX_PROMPTS + 1];
    for body in [json!({ "prompt": large }), Value::from(many)] {
        let error = parse_callback(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
    assert_eq!(
        read(&Value::from(vec![json!({"id": 1}); MAX_PROMPTS]))
            .prompts
            .len(),
        MAX_PROMPTS
    );
}

#[test]
fn deeply_nested_bodies_are_parsed_or_refused() {
    let deep = "[".repeat(1_000_000);
    let closed = format!("{deep}{}", "]".repeat(1_000_000));
    for body in [
        deep.clone(),
        format!(r#"{{"tune":{deep}"#),
        "{\"tune\":".repeat(200_000),
        "[{\"a\":".repeat(200_000),
    ] {
        assert!(parse_callback(body.as_bytes()).is_err());
    }
    assert_eq!(parse_callback(closed.as_bytes()).unwrap().broken, 1);
    for field in ["images", "text", "anything", "trained_at"] {
        let mut body = prompt();
        body[field] = "DEEP".into();
        let body = body.to_string().replace("\"DEEP\"", &closed);
        let callback = parse_callback(body.as_bytes()).unwrap();
        assert_eq!((callback.prompts.len(), callback.broken), (1, 0), "{field}");
    }
}

#[test]
fn debug_output_contains_no_url_and_no_prompt_text() {
    let shown = format!("{:?}", read(&json!([prompt(), tune(), {"tune": tune()}])));
    for private in ["images.example", "ohwx"] {
        assert!(!shown.contains(private), "{shown}");
    }
}

proptest::proptest! {
    #[test]
    fn parsing_never_panics_and_accepts_only_whole_bodies(body: Vec<u8>, cut in 0_usize..2_000, at in 0_usize..2_000, byte: u8) {
        drop(parse_callback(&body));
        for whole in [json!({ "tune": tune() }), json!({ "prompt": prompt() }), prompt(), json!([prompt(), tune(), 7])] {
            let mut whole = whole.to_string().into_bytes();
            let cut = cut.min(whole.len());
            proptest::prop_assert_eq!(parse_callback(&whole[..cut]).is_ok(), cut == whole.len());
            let at = at % whole.len();
            whole[at] = byte;
            if let Ok(callback) = parse_callback(&whole) {
                proptest::prop_assert!(callback.tunes.iter().all(|tune| tune.id > 0));
                proptest::prop_assert!(callback.prompts.iter().all(|prompt| prompt.id > 0));
                let shown = format!("{callback:?}");
                proptest::prop_assert!(!shown.contains("://"));
            }
        }
    }

    #[test]
    fn list_element_is_parsed_or_counted(ids: Vec<Option<u32>>) {
        let body: Vec<_> = ids.iter().map(|id| json!({"id": id, "images": []})).collect();
        let callback = parse_callback(Value::from(body).to_string().as_bytes()).unwrap();
        proptest::prop_assert_eq!(callback.prompts.len() + callback.broken, ids.len());
        proptest::prop_assert_eq!(callback.prompts.len(), ids.iter().flatten().filter(|id| **id > 0).count());
    }
}
