use confab_core::Kind;
use confab_testkit::samples::sample;
use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn read(extra: &[(&str, &str)]) -> Parsed {
    let mut params = pairs(extra);
    params.extend(pairs(&[
        ("MessageSid", "SM1"),
        ("From", "whatsapp:+16505550100"),
        ("To", "whatsapp:+14155238886"),
    ]));
    parse(&params, "", now())
}

fn content_of(extra: &[(&str, &str)]) -> Content {
    match read(extra).updates.remove(0) {
        Update::Message(message) => message.content,
        Update::Status(status) => panic!("{status:?}"),
    }
}

fn address() -> Address {
    Address {
        channel: Channel::Twilio,
        business: "whatsapp:+14155238886".into(),
        person: Identity {
            phone: Phone::parse("16505550100").ok(),
            scoped_id: None,
        },
    }
}

#[test]
fn message_fields_map_to_their_content() {
    let media = |source: &str, mime_type: &str| Media {
        source: source.into(),
        mime_type: mime_type.into(),
        sha256: None,
    };
    let unsupported = |what: &str| Content::Unsupported { what: what.into() };
    let cases: [(&[(&str, &str)], Content); 12] = [
        (&[("Body", "hi")], Content::Text { text: "hi".into() }),
        (
            &[("Body", "a\0b"), ("NumMedia", "0")],
            Content::Text { text: "ab".into() },
        ),
        (
            &[("Body", "hi"), ("NumMedia", "many")],
            Content::Text { text: "hi".into() },
        ),
        (
            &[
                ("NumMedia", "2"),
                ("MediaUrl0", "https://m/0"),
                ("MediaContentType0", "image/jpeg"),
                ("MediaUrl1", "https://m/1"),
            ],
            Content::Media {
                items: vec![media("https://m/0", "image/jpeg"), media("https://m/1", "")],
                caption: None,
            },
        ),
        (
            &[
                ("NumMedia", "1"),
                ("MediaUrl0", "https://m/0"),
                ("Body", "me"),
            ],
            Content::Media {
                items: vec![media("https://m/0", "")],
                caption: Some("me".into()),
            },
        ),
        (
            &[("NumMedia", "18446744073709551615")],
            unsupported("media"),
        ),
        (
            &[
                ("Body", "Yes"),
                ("ButtonPayload", "2"),
                ("ButtonText", "Yes!"),
            ],
            Content::Choice {
                id: "2".into(),
                title: "Yes!".into(),
            },
        ),
        (
            &[("Body", "Yes"), ("ButtonPayload", "2")],
            Content::Choice {
                id: "2".into(),
                title: "Yes".into(),
            },
        ),
        (
            &[("Body", "x"), ("ListId", "3"), ("ListTitle", "Pack")],
            Content::Choice {
                id: "3".into(),
                title: "Pack".into(),
            },
        ),
        (
            &[
                ("Body", ""),
                ("MessageType", "location"),
                ("Latitude", "1.5"),
            ],
            unsupported("location"),
        ),
        (&[("MessageType", "<b>")], unsupported("b")),
        (&[], unsupported("none")),
    ];
    for (extra, expected) in cases {
        assert_eq!(content_of(extra), expected, "{extra:?}");
    }
}

#[test]
fn samples_verify_and_parse() {
    let read = |case: &str| {
        let sample = sample(case);
        let params = form(&sample.body);
        let query = if sample.query().is_empty() {
            String::new()
        } else {
            format!("?{}", sample.query())
        };
        let url = format!("http://127.0.0.1:7071/SmsReceived{query}");
        let token = "12345".to_owned().into();
        let signature = sample.header("x-twilio-signature");
        crate::verify(
            std::slice::from_ref(&token),
            &url,
            &params,
            &sample.body,
            signature,
        )
        .unwrap();
        parse(&params, sample.query(), now()).updates.remove(0)
    };
    let Update::Message(text) = read("twilio-text") else {
        panic!()
    };
    assert_eq!(text.from, address());
    assert_eq!(text.name, Some("Dana Sample".into()));
    assert_eq!(
        text.content,
        Content::Text {
            text: "hi & welcome, שלום".into()
        }
    );
    assert_eq!(text.sent_at, now());

    let Update::Message(media) = read("twilio-media") else {
        panic!()
    };
    let Content::Media { items, caption } = media.content else {
        panic!()
    };
    assert_eq!((items.len(), caption), (2, Some("two of me".into())));

    let Update::Message(button) = read("twilio-button") else {
        panic!()
    };
    assert_eq!(
        button.content,
        Content::Choice {
            id: "2".into(),
            title: "How it works".into()
        }
    );
    assert_eq!(button.reply_to, Some(format!("SM{}", "9".repeat(32))));

    let Update::Status(status) = read("twilio-status") else {
        panic!()
    };
    assert_eq!(
        (status.stage, &status.to),
        (DeliveryStatus::Delivered, &address())
    );
    let reference = status.reference.unwrap().to_string();
    assert_eq!(
        reference,
        "usr_01jx8qkm9h0000000000000000 eff_01jx8qkm9h0000000000000000 cor_01jx8qkm9h0000000000000000"
    );
}

#[test]
fn status_words_map_to_delivery_stages_and_errors() {
    let status = |status: &str, code: &str| {
        let params = pairs(&[
            ("SmsSid", "SM1"),
            ("MessageStatus", status),
            ("ErrorCode", code),
            ("To", "whatsapp:+16505550100"),
            ("From", "whatsapp:+14155238886"),
        ]);
        parse(&params, "ref=order-17", now())
    };
    for (word, stage) in [
        ("queued", DeliveryStatus::Sent),
        ("sent", DeliveryStatus::Sent),
        ("read", DeliveryStatus::Read),
        ("failed", DeliveryStatus::Failed),
        ("undelivered", DeliveryStatus::Failed),
    ] {
        let Update::Status(status) = status(word, "").updates.remove(0) else {
            panic!()
        };
        assert_eq!(
            (status.stage, status.reference, status.error),
            (stage, None, None),
            "{word}"
        );
    }
    let Update::Status(failed) = status("undelivered", "63016").updates.remove(0) else {
        panic!()
    };
    assert_eq!(
        failed.error,
        Some(DeliveryFailure {
            code: 63_016,
            title: "undelivered".into()
        })
    );
    assert_eq!(status("levitated", "").ignored, ["status:levitated"]);
}

#[test]
fn message_without_a_sender_or_an_id_is_ignored() {
    assert_eq!(parse(&[], "", now()).ignored, ["message_without_sender"]);
    let params = pairs(&[("From", "whatsapp:+16505550100")]);
    assert_eq!(parse(&params, "", now()).ignored, ["message_without_id"]);
    let params = pairs(&[("WaId", "16505550100"), ("SmsSid", "SM1"), ("Body", "x")]);
    assert_eq!(parse(&params, "", now()).updates.len(), 1);
    let params = pairs(&[
        ("From", "+16505550100"),
        ("MessageSid", "SM1"),
        ("Body", "by SMS"),
    ]);
    assert_eq!(parse(&params, "", now()).ignored, ["not_whatsapp"]);
}

#[test]
fn json_body_parses_like_the_form() {
    let body = br#"{"MessageSid":"SM1","From":"whatsapp:+16505550100","To":"whatsapp:+14155238886","Body":"hi","NumMedia":0,"More":{"x":[]}}"#;
    assert_eq!(
        parse_json(body, "", now()).unwrap(),
        read(&[("Body", "hi")])
    );
    for body in [&b"[]"[..], b"{", b"", b"\xff"] {
        assert_eq!(
            parse_json(body, "", now()).unwrap_err().kind(),
            Kind::Invalid
        );
    }
}

proptest! {
    #[test]
    fn parsing_never_panics_on_any_bytes(body in prop::collection::vec(any::<u8>(), 0..300), query in ".{0,40}") {
        let params = form(&body);
        drop(parse(&params, &query, now()));
        drop(parse_json(&body, &query, now()));
        let url = format!("https://a.example/x?{query}");
        prop_assert!(crate::verify(&["t".to_owned().into()], &url, &params, &body, Some("AAAA")).is_err());
    }

    #[test]
    fn signed_form_verifies_with_any_query(params in prop::collection::vec((".{0,8}", ".{0,8}"), 0..12), query in "[a-z=&+%.:]{0,30}") {
        let (token, url) = ("t".to_owned().into(), format!("http://a.example:7071/x?{query}"));
        let signature = crate::sign(&token, &url, &params).unwrap();
        prop_assert!(crate::verify(std::slice::from_ref(&token), &url, &params, b"", Some(&signature)).is_ok());
    }
}
