use super::*;
use serde_json::json;

fn parsed(kind: &str, body: Value) -> Result<SendRequest> {
    parse(&json!({"messaging_product": "whatsapp", "to": "16505550100", "type": kind, kind: body}))
}

fn code(kind: &str, body: Value) -> Option<i64> {
    parsed(kind, body).err().map(|error| error.code)
}

fn buttons_of(buttons: Value) -> Value {
    json!({"type": "button", "body": {"text": "Choose"}, "action": {"buttons": buttons}})
}

fn button(id: &str, title: &str) -> Value {
    json!({"type": "reply", "reply": {"id": id, "title": title}})
}

fn list_of(sections: Value) -> Value {
    json!({"type": "list", "body": {"text": "Choose"}, "action": {"button": "Open", "sections": sections}})
}

fn rows(count: usize, from: usize) -> Value {
    (from..from + count)
        .map(|n| json!({"id": n.to_string(), "title": "Row"}))
        .collect()
}

#[test]
fn requests_within_the_limits_are_accepted() {
    let link = json!({"type": "cta_url", "body": {"text": "Pay"},
        "action": {"name": "cta_url", "parameters": {"display_text": "Pay", "url": "https://p.example"}}});
    for (kind, body) in [
        ("text", json!({"body": "x".repeat(4_096)})),
        (
            "image",
            json!({"link": "https://a.example/1.jpg", "caption": "me"}),
        ),
        ("image", json!({"id": "77"})),
        (
            "interactive",
            buttons_of(json!([
                button("1", &"ש".repeat(20)),
                button("2", "B"),
                button("3", "C")
            ])),
        ),
        ("interactive", list_of(json!([{"rows": rows(10, 0)}]))),
        (
            "interactive",
            list_of(
                json!([{"title": "A", "rows": rows(5, 0)}, {"title": "B", "rows": rows(5, 5)}]),
            ),
        ),
        ("interactive", link),
        (
            "template",
            json!({"name": "hello", "language": {"code": "en_US"}}),
        ),
        ("reaction", json!({"message_id": "wamid.1", "emoji": ""})),
        ("audio", json!({"id": "77"})),
    ] {
        assert_eq!(code(kind, body.clone()), None, "{kind} {body}");
    }
}

#[test]
fn requests_beyond_the_limits_are_refused() {
    let long = |count| "x".repeat(count);
    for (kind, body, expected) in [
        ("text", json!({}), 100),
        ("text", json!({"body": 7}), 100),
        ("text", json!({"body": ""}), 131_009),
        ("text", json!({"body": long(4_097)}), 131_009),
        ("image", json!({}), 100),
        (
            "image",
            json!({"link": "https://a.example", "id": "7"}),
            100,
        ),
        ("image", json!({"link": "ftp://a.example"}), 131_009),
        ("image", json!({"id": "7", "caption": long(1_025)}), 131_009),
        ("interactive", buttons_of(json!([])), 131_009),
        (
            "interactive",
            buttons_of(json!([
                button("1", "A"),
                button("2", "B"),
                button("3", "C"),
                button("4", "D")
            ])),
            131_009,
        ),
        (
            "interactive",
            buttons_of(json!([button("1", "A"), null])),
            131_009,
        ),
        (
            "interactive",
            buttons_of(json!([button("1", &long(21))])),
            131_009,
        ),
        ("interactive", buttons_of(json!([button("1", "")])), 131_009),
        (
            "interactive",
            buttons_of(json!([button(&long(257), "A")])),
            131_009,
        ),
        (
            "interactive",
            buttons_of(json!([button("1", "A"), button("1", "B")])),
            131_009,
        ),
        (
            "interactive",
            buttons_of(json!([button("1", "A"), button("2", "A")])),
            131_009,
        ),
        (
            "interactive",
            list_of(json!([{"rows": rows(11, 0)}])),
            131_009,
        ),
        (
            "interactive",
            list_of(
                json!([{"title": "A", "rows": rows(6, 0)}, {"title": "B", "rows": rows(5, 6)}]),
            ),
            131_009,
        ),
        (
            "interactive",
            list_of(json!([{"rows": rows(1, 0)}, {"rows": rows(1, 1)}])),
            100,
        ),
        (
            "interactive",
            list_of(json!([{"rows": [{"id": "1", "title": long(25)}]}])),
            131_009,
        ),
        (
            "interactive",
            list_of(json!([{"rows": [{"id": "1", "title": "A", "description": long(73)}]}])),
            131_009,
        ),
        (
            "interactive",
            json!({"type": "carousel", "body": {"text": "x"}, "action": {}}),
            131_009,
        ),
        ("template", json!({"name": "hello"}), 100),
        ("reaction", json!({"emoji": "x"}), 100),
        ("hologram", json!({}), 100),
    ] {
        assert_eq!(code(kind, body.clone()), Some(expected), "{kind} {body}");
    }
    assert_eq!(parse(&json!({"to": "1"})).unwrap_err().code, 100);
    assert_eq!(
        parse(&json!({"messaging_product": "whatsapp", "text": {"body": "x"}}))
            .unwrap_err()
            .code,
        100
    );
    assert_eq!(parse(&json!([])).unwrap_err().code, 100);
}

#[test]
fn requests_carry_their_recipient_context_and_reference() {
    let both = parse(
        &json!({"messaging_product": "whatsapp", "to": "+1 650-555-0100", "recipient": "US.1", "type": "text",
        "text": {"body": "hi"}, "context": {"message_id": "wamid.1"}, "biz_opaque_callback_data": "eff cor"}),
    );
    let both = both.unwrap();
    assert_eq!(both.to, Recipient::Phone("16505550100".into()));
    assert_eq!(both.context_id.as_deref(), Some("wamid.1"));
    assert_eq!(both.reference.as_deref(), Some("eff cor"));
    let scoped = parse(
        &json!({"messaging_product": "whatsapp", "recipient": "US.1", "text": {"body": "hi"}}),
    )
    .unwrap();
    assert_eq!(scoped.to, Recipient::Scoped("US.1".into()));
}
