use confab_core::Kind;
use proptest::prelude::*;

use super::*;

#[test]
fn malformed_fields_count_as_absent() {
    let update = json!({"update_id": 1, "message": {"message_id": 11, "chat": {"id": DANA, "type": 7},
        "from": {"id": "x"}, "date": "soon", "text": {"a": 1}, "entities": {}, "photo": "x", "document": [],
        "reply_to_message": [], "migrate_to_chat_id": "x", "new_field": [[[]]]}});
    let expected = Message {
        id: 11,
        chat: Chat {
            id: DANA,
            kind: ChatKind::Other,
        },
        from: None,
        sent_at: now(),
        text: None,
        command: None,
        reply_to: None,
        attachment: None,
        migrate_to_chat_id: None,
    };
    assert_eq!(message(&update), expected);
}

#[test]
fn body_that_is_no_update_is_an_error() {
    for (body, code) in [
        ("", "bad_json"),
        ("{", "bad_json"),
        ("[]", "bad_json"),
        ("null", "bad_json"),
        ("\"update_id\"", "bad_json"),
        (r#"{"update_id":1}x"#, "bad_json"),
        ("{}", "no_update_id"),
        (r#"{"update_id":"1"}"#, "no_update_id"),
        (r#"{"update_id":1.5}"#, "no_update_id"),
        (r#"{"update_id":99999999999999999999}"#, "no_update_id"),
    ] {
        let error = parse(body.as_bytes(), now()).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (Kind::Invalid, code),
            "{body}"
        );
    }
    assert_eq!(parse(b"\xff", now()).unwrap_err().code(), "bad_json");
}

#[test]
fn body_is_bounded() {
    let padded = |bytes: usize| {
        let head = r#"{"update_id":1,"x":""#;
        format!("{head}{}\"}}", "a".repeat(bytes - head.len() - 2))
    };
    parse(padded(256 * 1024).as_bytes(), now()).unwrap();
    let error = parse(padded(256 * 1024 + 1).as_bytes(), now()).unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge);
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        format!(r#"{{"update_id":1,"message":{deep}}}"#),
        format!(
            r#"{{"update_id":1,"message":{{"message_id":1,"chat":{{"id":1}},"photo":{deep}}}}}"#
        ),
        deep,
    ] {
        drop(parse(body.as_bytes(), now()));
    }
}

#[test]
fn log_shows_no_name_and_no_text() {
    let update = sent(json!({"text": "/carousel secret plans",
        "entities": [{"offset": 0, "length": 9, "type": "bot_command"}]}));
    let shown = format!("{:?}", read(&update));
    assert!(
        shown.contains("900001") && shown.contains("carousel"),
        "{shown}"
    );
    for private in ["Dana", "secret", "plans"] {
        assert!(!shown.contains(private), "{shown}");
    }
}

#[test]
fn update_survives_the_queue() {
    let photo = sent(json!({"photo": [{"file_id": "a"}], "caption": "/a 😀",
        "caption_entities": [{"offset": 0, "length": 2, "type": "bot_command"}]}));
    let tap = tapped(json!({"message_id": 1, "chat": {"id": 1}, "date": 0}));
    let boost = json!({"update_id": 1, "chat_boost": {}});
    let edited = json!({"update_id": 1, "edited_message": {}});
    for update in [
        photo,
        tap,
        membership(&json!({"status": "left"})),
        boost,
        edited,
    ] {
        let update = read(&update);
        let queued = serde_json::to_string(&update).unwrap();
        assert_eq!(serde_json::from_str::<Update>(&queued).unwrap(), update);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "update_id",
        "message",
        "callback_query",
        "my_chat_member",
        "message_id",
        "chat",
        "id",
        "type",
        "from",
        "date",
        "text",
        "entities",
        "offset",
        "length",
        "photo",
        "document",
        "file_id",
        "new_chat_member",
        "status",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_i64..8).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "bot_command",
            "/a@b c",
            "private",
            "member",
            "image/png"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name.clone().prop_map(String::from), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_never_panics_on_any_bytes(body in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(parse(&body, now()));
    }

    #[test]
    fn any_json_object_with_an_id_is_an_update(id in any::<i64>(), content in any_json(), name in ".{0,12}") {
        for name in ["message", "callback_query", "my_chat_member", name.as_str()] {
            let update = json!({name: content.clone(), "update_id": id});
            prop_assert_eq!(read(&update).id, id);
        }
    }

    #[test]
    fn malformed_field_never_drops_the_message(content in any_json()) {
        for field in ["from", "date", "text", "entities", "caption", "photo", "document", "reply_to_message"] {
            let update = read(&sent(json!({ field: content.clone() })));
            prop_assert!(matches!(update.kind, UpdateKind::Message(message) if message.id == 11));
        }
    }
}
