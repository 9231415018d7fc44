use confab_core::Kind;
use confab_testkit::samples::sample;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

const AT: i64 = 1_749_416_383;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn read(body: &Json) -> Parsed {
    parse(body.to_string().as_bytes(), now()).unwrap()
}

fn webhook(value: Json) -> Json {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]})
}

fn with_message(message: Json) -> Json {
    webhook(json!({"metadata": {"phone_number_id": "106"}, "messages": [message]}))
}

fn message(extra: Json) -> Json {
    let mut message = json!({"id": "wamid.1", "from": "16505550100", "timestamp": AT.to_string()});
    let (Some(message), Some(extra)) = (message.as_object_mut(), extra.as_object()) else {
        unreachable!()
    };
    message.extend(extra.clone());
    Json::Object(message.clone())
}

fn inbound(parsed: &Parsed) -> Vec<&Inbound> {
    let messages = parsed.updates.iter().filter_map(|update| match update {
        Update::Message(message) => Some(message),
        Update::Status(_) => None,
    });
    messages.collect()
}

fn only(body: &Json) -> Inbound {
    let parsed = read(body);
    assert_eq!(parsed.updates.len(), 1, "{parsed:?}");
    inbound(&parsed)[0].clone()
}

fn unsupported(what: &str) -> Content {
    Content::Unsupported { what: what.into() }
}

fn file(source: &str, caption: Option<&str>) -> Content {
    let media = Media {
        source: source.into(),
        mime_type: "image/jpeg".into(),
        sha256: Some("abc".into()),
    };
    Content::Media {
        items: vec![media],
        caption: caption.map(Into::into),
    }
}

fn choice(id: &str, title: &str) -> Content {
    Content::Choice {
        id: id.into(),
        title: title.into(),
    }
}

#[test]
fn message_types_map_to_their_content() {
    let image = json!({"id": "77", "mime_type": "image/jpeg", "sha256": "abc", "caption": "me"});
    let cases = [
        (
            json!({"type": "text", "text": {"body": "hi"}}),
            Content::Text { text: "hi".into() },
        ),
        (
            json!({"type": "text", "text": {"body": "a\u{0}b"}}),
            Content::Text { text: "ab".into() },
        ),
        (
            json!({"type": "text", "text": {"body": 5}}),
            Content::Text { text: "5".into() },
        ),
        (json!({"type": "text"}), unsupported("text")),
        (json!({"type": "text", "text": "hi"}), unsupported("text")),
        (
            json!({"type": "image", "image": image}),
            file("77", Some("me")),
        ),
        (
            json!({"type": "video", "video": image}),
            file("77", Some("me")),
        ),
        (
            json!({"type": "document", "document": image}),
            file("77", Some("me")),
        ),
        (
            json!({"type": "audio", "audio": {"id": 77, "mime_type": "image/jpeg", "sha256": "abc"}}),
            file("77", None),
        ),
        (
            json!({"type": "sticker", "sticker": {"id": "77", "mime_type": "image/jpeg", "sha256": "abc"}}),
            file("77", None),
        ),
        (
            json!({"type": "image", "image": {"mime_type": "image/jpeg"}}),
            unsupported("image"),
        ),
        (
            json!({"type": "button", "button": {"payload": "p", "text": "Yes"}}),
            choice("p", "Yes"),
        ),
        (
            json!({"type": "button", "button": {"text": "Yes"}}),
            choice("Yes", "Yes"),
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "2_x", "title": "How"}}}),
            choice("2_x", "How"),
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": 3, "title": "Pack"}}}),
            choice("3", "Pack"),
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{}"}}}),
            unsupported("nfm_reply"),
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "button_reply"}}),
            unsupported("button_reply"),
        ),
        (
            json!({"type": "interactive", "interactive": []}),
            unsupported("interactive"),
        ),
        (
            json!({"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}),
            Content::Reaction {
                message_id: "wamid.0".into(),
                emoji: Some("👍".into()),
            },
        ),
        (
            json!({"type": "reaction", "reaction": {"message_id": "wamid.0"}}),
            Content::Reaction {
                message_id: "wamid.0".into(),
                emoji: None,
            },
        ),
        (
            json!({"type": "reaction", "reaction": {}}),
            unsupported("reaction"),
        ),
        (
            json!({"type": "system", "system": {"type": "user_changed_number", "wa_id": "16505550199"}}),
            Content::NumberChanged {
                new: Identity {
                    phone: Phone::parse("16505550199").ok(),
                    scoped_id: None,
                },
            },
        ),
        (
            json!({"type": "system", "system": {"type": "user_changed_number"}}),
            unsupported("user_changed_number"),
        ),
        (
            json!({"type": "system", "system": {"type": "customer_identity_changed"}}),
            unsupported("customer_identity_changed"),
        ),
        (
            json!({"type": "location", "location": {"latitude": 1.5}}),
            unsupported("location"),
        ),
        (
            json!({"type": "contacts", "contacts": []}),
            unsupported("contacts"),
        ),
        (
            json!({"type": "unsupported", "errors": [{"code": 131_051}]}),
            unsupported("unsupported"),
        ),
        (
            json!({"type": "holo gram\n<b>", "hologram": {}}),
            unsupported("hologramb"),
        ),
        (json!({}), unsupported("none")),
        (json!({"type": null}), unsupported("none")),
    ];
    for (extra, expected) in cases {
        let message = message(extra.clone());
        assert_eq!(only(&with_message(message)).content, expected, "{extra}");
    }
}

#[test]
fn message_with_every_field_is_parsed() {
    let message = only(&sample("button").json());
    assert_eq!(
        message,
        Inbound {
            id: "wamid.sample.3".into(),
            from: Address {
                channel: Channel::Meta,
                business: "106540352242922".into(),
                person: Identity {
                    phone: Phone::parse("16505550100").ok(),
                    scoped_id: Some("US.13491208655302741918".into()),
                },
            },
            name: Some("Dana Sample".into()),
            sent_at: Timestamp::from_second(AT).unwrap(),
            reply_to: Some("wamid.sample.out.1".into()),
            content: choice("2", "How it works"),
        }
    );
}

#[test]
fn sender_without_a_phone_number_has_a_scoped_id() {
    let message = only(&sample("username").json());
    let person = &message.from.person;
    assert_eq!(person.phone, None);
    assert_eq!(person.scoped_id, Some("IL.20260528aBcD".into()));
    assert_eq!(message.name, Some("Noa Sample".into()));
}

#[test]
fn message_matches_its_own_contact() {
    let contacts = json!([
        {"wa_id": "16505550101", "user_id": "US.1", "profile": {"name": "One"}},
        "broken",
        {"wa_id": "16505550102", "user_id": "US.2", "profile": {"name": "Two"}},
        {"user_id": "US.3", "profile": {"name": "Three"}},
    ]);
    let message = |from: Json| {
        let mut message = message(json!({"type": "text", "text": {"body": "x"}}));
        for field in ["from", "from_user_id"] {
            message[field] = from[field].clone();
        }
        only(&webhook(
            json!({"contacts": contacts, "messages": [message]}),
        ))
    };
    let two = message(json!({"from": "16505550102"}));
    assert_eq!(
        (two.name, two.from.person.scoped_id),
        (Some("Two".into()), Some("US.2".into()))
    );
    let three = message(json!({"from_user_id": "US.3"}));
    assert_eq!(
        (three.name, three.from.person.phone),
        (Some("Three".into()), None)
    );
    let stranger = message(json!({"from": "16505550109"}));
    assert_eq!(
        (stranger.name, stranger.from.person.scoped_id),
        (None, None)
    );
}

#[test]
fn lone_contact_is_the_sender_when_the_message_names_none() {
    let text = json!({"id": "wamid.1", "type": "text", "text": {"body": "x"}});
    let message = only(&webhook(
        json!({"contacts": [{"user_id": "US.1"}], "messages": [text]}),
    ));
    assert_eq!(message.from.person.scoped_id, Some("US.1".into()));
    assert_eq!(message.sent_at, now());
    let contacts = json!([{"user_id": "US.1"}, {"user_id": "US.2"}]);
    let parsed = read(&webhook(json!({"contacts": contacts, "messages": [text]})));
    assert_eq!(parsed.ignored, ["message_without_sender"]);
}

#[test]
fn malformed_timestamp_becomes_now() {
    for timestamp in [
        json!(null),
        json!("soon"),
        json!(""),
        json!("99999999999999999999"),
        json!({}),
    ] {
        let mut message = message(json!({"type": "text", "text": {"body": "x"}}));
        message["timestamp"] = timestamp.clone();
        assert_eq!(only(&with_message(message)).sent_at, now(), "{timestamp}");
    }
}

#[test]
fn malformed_parts_never_affect_their_siblings() {
    let good = message(json!({"type": "text", "text": {"body": "good"}}));
    let value = json!({
        "metadata": 7,
        "contacts": "none",
        "messages": [null, 5, "x", [], {}, {"id": "wamid.2"}, {"from": "16505550100"}, good,
            {"id": "x".repeat(600), "from": "16505550100"}],
        "statuses": [{"id": "wamid.3"}, {"id": "wamid.3", "status": "sent"}, {"status": "sent", "recipient_id": "16505550100"},
            {"id": "wamid.3", "status": "sent", "recipient_id": "16505550100"}, {"id": "wamid.3", "status": "deleted", "recipient_id": "1"}],
        "errors": [{"code": 131_000}],
    });
    let entry = json!([7, {"changes": 1}, {"changes": [null, {"field": "account_update"}, {"field": "messages", "value": 3}]},
        {"changes": [{"field": "messages", "value": value}]}]);
    let parsed = read(&json!({"object": "whatsapp_business_account", "entry": entry}));
    assert_eq!(parsed.updates.len(), 2, "{parsed:?}");
    for reason in [
        "broken:entry",
        "broken:change",
        "broken:value",
        "broken:message",
        "field:account_update",
        "message_without_id",
        "message_without_sender",
        "status:none",
        "status:deleted",
        "status_without_id",
        "status_without_recipient",
        "error:131000",
    ] {
        assert!(
            parsed.ignored.iter().any(|ignored| ignored == reason),
            "{reason}: {:?}",
            parsed.ignored
        );
    }
}

#[test]
fn every_update_of_a_batch_is_parsed() {
    let parsed = read(&sample("batch").json());
    let messages = inbound(&parsed);
    let contents: Vec<_> = messages
        .iter()
        .map(|message| message.content.name())
        .collect();
    assert_eq!(contents, ["text", "unsupported", "text"]);
    assert_eq!(messages[2].name, Some("Omer Sample".into()));
    assert!(matches!(
        parsed.updates[3],
        Update::Status(StatusUpdate {
            stage: DeliveryStatus::Read,
            ..
        })
    ));
}

#[test]
fn status_carries_its_stage_reference_price_and_error() {
    let parsed = read(&sample("status").json());
    let Update::Status(status) = &parsed.updates[0] else {
        panic!("{parsed:?}")
    };
    assert_eq!(status.message_id, "wamid.sample.out.1");
    assert_eq!(status.stage, DeliveryStatus::Delivered);
    let reference = status.reference.unwrap().to_string();
    assert_eq!(
        reference,
        "usr_01jx8qkm9h0000000000000000 eff_01jx8qkm9h0000000000000000 cor_01jx8qkm9h0000000000000000"
    );
    assert_eq!(
        status.price,
        Some(MessagePrice {
            billable: false,
            category: "service".into()
        })
    );
    assert_eq!(status.error, None);

    let parsed = read(&sample("status-failed").json());
    let Update::Status(status) = &parsed.updates[0] else {
        panic!("{parsed:?}")
    };
    assert_eq!(
        (status.stage, status.reference),
        (DeliveryStatus::Failed, None)
    );
    let error = status.error.as_ref().unwrap();
    assert_eq!(
        (error.code, error.title.as_str()),
        (131_047, "Re-engagement message")
    );
}

#[test]
fn played_counts_as_read_and_a_foreign_reference_is_dropped() {
    let status = json!({"id": "wamid.1", "status": "played", "recipient_user_id": "US.1", "timestamp": AT,
        "biz_opaque_callback_data": "order-17", "errors": [{"code": "x"}]});
    let parsed = read(&webhook(json!({"statuses": [status]})));
    let Update::Status(status) = &parsed.updates[0] else {
        panic!("{parsed:?}")
    };
    assert_eq!(
        (status.stage, status.reference, status.at.as_second()),
        (DeliveryStatus::Read, None, AT)
    );
    assert_eq!(
        status.error,
        Some(DeliveryFailure {
            code: 0,
            title: String::new()
        })
    );
}

#[test]
fn body_that_is_no_json_object_is_invalid() {
    let deep = "[".repeat(100_000);
    let deep_object = r#"{"entry":"#.repeat(100_000);
    for body in [
        "",
        " ",
        "[]",
        "null",
        "7",
        "{",
        r#"{"object":"#,
        "{}{}",
        "\u{feff}{}",
        &deep,
        &deep_object,
    ] {
        let error = parse(body.as_bytes(), now()).unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Invalid, "bad_json"));
    }
    assert!(parse(b"{\"object\":\"\xff\"}", now()).is_err());
}

#[test]
fn webhook_of_another_object_or_field_is_ignored() {
    assert_eq!(
        read(&json!({"object": "page", "entry": [1]})).ignored,
        ["object:page"]
    );
    assert_eq!(read(&json!({})).ignored, ["object:none"]);
    assert_eq!(
        read(&sample("other-field").json()).ignored,
        ["field:message_template_status_update"]
    );
    assert_eq!(read(&sample("empty").json()), Parsed::default());
}

#[test]
fn large_bodies_are_parsed_within_limits_or_refused() {
    let text = "x".repeat(6_000_000);
    let message = only(&with_message(message(
        json!({"type": "text", "text": {"body": text}}),
    )));
    let Content::Text { text } = message.content else {
        panic!()
    };
    assert_eq!(text.0.len(), 65_536);

    let nested = format!(
        r#"{{"object":"whatsapp_business_account","x":{}{}}}"#,
        "[".repeat(3_000_000),
        "]".repeat(3_000_000)
    );
    assert_eq!(parse(nested.as_bytes(), now()).unwrap(), Parsed::default());

    let numbers = webhook(json!({"messages": vec![1; 1_000_000]}));
    assert!(read(&numbers).ignored.len() <= 100);

    let tiny = message_list(200_000);
    let error = parse(tiny.as_bytes(), now()).unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge);
}

fn message_list(count: usize) -> String {
    let messages = vec![r#"{"id":"1","from":"12345"}"#; count].join(",");
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"field":"messages","value":{{"messages":[{messages}]}}}}]}}]}}"#
    )
}

#[test]
fn samples_carry_valid_signatures() {
    for case in [
        "text",
        "image",
        "button",
        "list",
        "reaction",
        "unsupported",
        "username",
        "number-changed",
        "status",
        "status-failed",
        "batch",
        "other-field",
        "empty",
        "broken-json",
    ] {
        let sample = sample(case);
        let secret = "app-secret".to_owned().into();
        crate::verify(
            std::slice::from_ref(&secret),
            &sample.body,
            sample.header("x-hub-signature-256"),
        )
        .unwrap();
    }
}

/// Generates arbitrary JSON with the names that the parser looks for.
fn any_json() -> impl Strategy<Value = Json> {
    let name = prop::sample::select(vec![
        "id",
        "from",
        "type",
        "text",
        "body",
        "image",
        "interactive",
        "button_reply",
        "reaction",
        "system",
        "statuses",
        "messages",
        "contacts",
        "profile",
        "errors",
        "code",
        "status",
        "recipient_id",
        "timestamp",
        "pricing",
        "context",
    ]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,20}".prop_map(Json::from),
        prop::sample::select(vec![
            "text",
            "image",
            "interactive",
            "button_reply",
            "system",
            "reaction",
            "sent"
        ])
        .prop_map(Json::from),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::btree_map(name.clone().prop_map(String::from), inner, 0..8)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_never_panics_on_any_bytes(body in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(parse(&body, now()));
    }

    #[test]
    fn any_json_object_is_parsed_without_an_error(value in any_json()) {
        prop_assert!(parse(webhook(value.clone()).to_string().as_bytes(), now()).is_ok());
        let body = json!({"object": "whatsapp_business_account", "entry": value});
        prop_assert!(parse(body.to_string().as_bytes(), now()).is_ok());
    }

    #[test]
    fn malformed_sibling_never_drops_a_valid_message(neighbour in any_json()) {
        let good = message(json!({"type": "text", "text": {"body": "good"}}));
        let parsed = read(&webhook(json!({"messages": [neighbour.clone(), good, neighbour]})));
        let good = Content::Text { text: "good".into() };
        prop_assert!(inbound(&parsed).iter().any(|message| message.content == good));
    }
}
