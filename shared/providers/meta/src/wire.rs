//! Encodes messages as the JSON of Meta's `/messages`.

use confab_messaging::{Body, Button, ListRow, ListSection, Outbound};
use serde_json::{Map, Value, json};

/// Encodes a message; returns `None` when the recipient has no address.
pub(crate) fn message(outbound: &Outbound) -> Option<Value> {
    let mut message = Map::new();
    message.insert("messaging_product".into(), "whatsapp".into());
    message.insert("recipient_type".into(), "individual".into());
    let person = &outbound.to.person;
    match (&person.phone, &person.scoped_id) {
        (Some(phone), _) => message.insert("to".into(), phone.digits().into()),
        (None, Some(scoped)) => message.insert("recipient".into(), scoped.as_str().into()),
        (None, None) => return None,
    };
    let reply_to = outbound
        .reply_to
        .as_ref()
        .filter(|_| !matches!(outbound.body, Body::Reaction { .. }));
    if let Some(reply_to) = reply_to {
        message.insert("context".into(), json!({ "message_id": reply_to }));
    }
    message.insert(
        "biz_opaque_callback_data".into(),
        outbound.reference.to_string().into(),
    );
    let (kind, body) = body(&outbound.body);
    message.insert("type".into(), kind.into());
    message.insert(kind.into(), body);
    Some(Value::Object(message))
}

fn body(body: &Body) -> (&'static str, Value) {
    match body {
        Body::Text { text } => ("text", json!({ "body": text, "preview_url": false })),
        Body::Image { url, caption } => {
            let image = json!({ "link": url });
            ("image", with_text(image, "caption", caption.as_deref()))
        }
        Body::Buttons {
            text,
            footer,
            buttons,
        } => {
            let buttons: Vec<Value> = buttons.iter().map(button).collect();
            interactive(
                "button",
                text,
                footer.as_deref(),
                json!({ "buttons": buttons }),
            )
        }
        Body::List {
            text,
            footer,
            open,
            sections,
        } => {
            let sections: Vec<Value> = sections.iter().map(section).collect();
            let action = json!({ "button": open, "sections": sections });
            interactive("list", text, footer.as_deref(), action)
        }
        Body::Link { text, label, url } => {
            let parameters = json!({ "display_text": label, "url": url });
            let action = json!({ "name": "cta_url", "parameters": parameters });
            interactive("cta_url", text, None, action)
        }
        Body::Template {
            name,
            language,
            parameters,
        } => ("template", template(name, language, parameters)),
        Body::Reaction { message_id, emoji } => (
            "reaction",
            json!({ "message_id": message_id, "emoji": emoji }),
        ),
    }
}

fn interactive(
    kind: &str,
    text: &str,
    footer: Option<&str>,
    action: Value,
) -> (&'static str, Value) {
    let mut body = json!({ "type": kind, "body": { "text": text }, "action": action });
    if let Some(footer) = footer.filter(|footer| !footer.is_empty()) {
        body["footer"] = json!({ "text": footer });
    }
    ("interactive", body)
}

fn button(button: &Button) -> Value {
    json!({ "type": "reply", "reply": { "id": button.id, "title": button.title } })
}

fn section(section: &ListSection) -> Value {
    let rows: Vec<Value> = section.rows.iter().map(row).collect();
    with_text(json!({ "rows": rows }), "title", Some(&section.title))
}

fn row(row: &ListRow) -> Value {
    let value = json!({ "id": row.id, "title": row.title });
    with_text(value, "description", row.description.as_deref())
}

fn template(name: &str, language: &str, parameters: &[String]) -> Value {
    let mut template = json!({ "name": name, "language": { "code": language } });
    if !parameters.is_empty() {
        let parameters: Vec<Value> = parameters
            .iter()
            .map(|text| json!({ "type": "text", "text": text }))
            .collect();
        template["components"] = json!([{ "type": "body", "parameters": parameters }]);
    }
    template
}

/// Sets a field unless it is empty: Meta rejects nulls and empty strings.
fn with_text(mut value: Value, name: &str, text: Option<&str>) -> Value {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        value[name] = text.into();
    }
    value
}

#[cfg(test)]
mod tests {
    use confab_messaging::{Channel, Identity};
    use confab_testkit::samples;

    use super::*;

    fn outbound(body: Body) -> Outbound {
        samples::outbound(Channel::Meta, body)
    }

    /// Wraps a body in the fields that every message has.
    fn framed(kind: &str, body: Value) -> Value {
        let reference = outbound(Body::Text {
            text: String::new(),
        })
        .reference
        .to_string();
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "16505550100",
            "biz_opaque_callback_data": reference, "type": kind, kind: body,
        })
    }

    #[test]
    fn bodies_are_encoded_as_meta_documents_them() {
        let row = |description: Option<&str>| ListRow {
            id: "r1".into(),
            title: "Lite".into(),
            description: description.map(Into::into),
        };
        let cases = [
            (
                Body::Text { text: "hi".into() },
                framed("text", json!({"body": "hi", "preview_url": false})),
            ),
            (
                Body::Image {
                    url: "https://a.example/1.jpg".into(),
                    caption: Some("one".into()),
                },
                framed(
                    "image",
                    json!({"link": "https://a.example/1.jpg", "caption": "one"}),
                ),
            ),
            (
                Body::Image {
                    url: "https://a.example/1.jpg".into(),
                    caption: None,
                },
                framed("image", json!({"link": "https://a.example/1.jpg"})),
            ),
            (
                Body::Buttons {
                    text: "Choose".into(),
                    footer: Some("Confab".into()),
                    buttons: vec![Button {
                        id: "1".into(),
                        title: "Begin".into(),
                    }],
                },
                framed(
                    "interactive",
                    json!({"type": "button", "body": {"text": "Choose"}, "footer": {"text": "Confab"},
                        "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "Begin"}}]}}),
                ),
            ),
            (
                Body::List {
                    text: "Choose".into(),
                    footer: None,
                    open: "Packs".into(),
                    sections: vec![ListSection {
                        title: "All".into(),
                        rows: vec![row(Some("ten")), row(None)],
                    }],
                },
                framed(
                    "interactive",
                    json!({"type": "list", "body": {"text": "Choose"}, "action": {"button": "Packs", "sections": [
                        {"title": "All", "rows": [
                            {"id": "r1", "title": "Lite", "description": "ten"}, {"id": "r1", "title": "Lite"}]}]}}),
                ),
            ),
            (
                Body::Link {
                    text: "Pay".into(),
                    label: "Pay now".into(),
                    url: "https://p.example".into(),
                },
                framed(
                    "interactive",
                    json!({"type": "cta_url", "body": {"text": "Pay"}, "action": {"name": "cta_url",
                        "parameters": {"display_text": "Pay now", "url": "https://p.example"}}}),
                ),
            ),
            (
                Body::Template {
                    name: "photos_ready".into(),
                    language: "en_US".into(),
                    parameters: vec!["Dana".into()],
                },
                framed(
                    "template",
                    json!({"name": "photos_ready", "language": {"code": "en_US"},
                        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Dana"}]}]}),
                ),
            ),
            (
                Body::Template {
                    name: "hello".into(),
                    language: "he".into(),
                    parameters: vec![],
                },
                framed(
                    "template",
                    json!({"name": "hello", "language": {"code": "he"}}),
                ),
            ),
            (
                Body::Reaction {
                    message_id: "wamid.1".into(),
                    emoji: "👍".into(),
                },
                framed("reaction", json!({"message_id": "wamid.1", "emoji": "👍"})),
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(message(&outbound(body)).unwrap(), expected);
        }
    }

    #[test]
    fn user_without_a_phone_number_is_addressed_by_scoped_id() {
        let mut to_username = outbound(Body::Text { text: "hi".into() });
        to_username.to.person = Identity {
            phone: None,
            scoped_id: Some("US.13491208655302741918".into()),
        };
        to_username.reply_to = Some("wamid.7".into());
        let wire = message(&to_username).unwrap();
        assert_eq!(wire["recipient"], "US.13491208655302741918");
        assert_eq!(wire.get("to"), None);
        assert_eq!(wire["context"], json!({"message_id": "wamid.7"}));

        to_username.to.person.scoped_id = None;
        assert_eq!(message(&to_username), None);
    }
}
