use confab_messaging::{Channel, Identity, ListRow, ListSection};
use confab_testkit::samples;

use super::*;

fn outbound(body: Body) -> Outbound {
    samples::outbound(Channel::Twilio, body)
}

fn button(id: &str, title: &str) -> Button {
    Button {
        id: id.into(),
        title: title.into(),
    }
}

fn sids() -> ContentSids {
    [("news/en".to_owned(), "HX0123".to_owned())].into()
}

fn text_of(body: Body) -> String {
    let fields = content(&body, &sids()).unwrap();
    fields
        .into_iter()
        .find(|(name, _)| *name == "Body")
        .unwrap()
        .1
}

#[test]
fn text_carries_its_reference_in_the_status_callback() {
    let text = outbound(Body::Text { text: "hi".into() });
    let reference = text.reference.to_string().replace(' ', ".");
    let expect = |callback: &str| {
        vec![
            ("From", "whatsapp:+14155238886".to_owned()),
            ("To", "whatsapp:+16505550100".to_owned()),
            ("Body", "hi".to_owned()),
            ("StatusCallback", format!("{callback}ref={reference}")),
        ]
    };
    let from = "whatsapp:+14155238886";
    assert_eq!(
        message(
            &text,
            from,
            Some("https://a.example/in"),
            &ContentSids::new()
        )
        .unwrap(),
        expect("https://a.example/in?")
    );
    assert_eq!(
        message(
            &text,
            from,
            Some("https://a.example/in?x=1"),
            &ContentSids::new()
        )
        .unwrap(),
        expect("https://a.example/in?x=1&")
    );
}

#[test]
fn choices_become_numbered_lines_of_text() {
    let buttons = Body::Buttons {
        text: "Choose".into(),
        footer: Some("Confab".into()),
        buttons: vec![button("1", "Begin"), button("2", "How it works")],
    };
    assert_eq!(
        text_of(buttons),
        "Choose\n\n1. Begin\n2. How it works\n\nConfab"
    );
    let row = |title: &str| ListRow {
        id: title.into(),
        title: title.into(),
        description: Some("x".into()),
    };
    let section = |title: &str, rows| ListSection {
        title: title.into(),
        rows,
    };
    let list = Body::List {
        text: "Choose".into(),
        footer: None,
        open: "Open".into(),
        sections: vec![
            section("A", vec![row("Lite")]),
            section("B", vec![row("Premium")]),
        ],
    };
    assert_eq!(text_of(list), "Choose\n\n1. Lite\n2. Premium");
}

#[test]
fn long_text_is_clipped_before_its_choices_and_link() {
    let buttons = Body::Buttons {
        text: "ש".repeat(5_000),
        footer: None,
        buttons: vec![button("1", "Begin")],
    };
    let body = text_of(buttons);
    assert_eq!(length(&body), MAX_BODY_CHARS);
    assert!(body.ends_with("…\n\n1. Begin"));
    let link = Body::Link {
        text: "x".repeat(5_000),
        label: "Pay".into(),
        url: "https://p.example/1".into(),
    };
    assert!(text_of(link).ends_with("…\n\nPay: https://p.example/1"));
    assert_eq!(
        length(&text_of(Body::Text {
            text: "x".repeat(1_601)
        })),
        MAX_BODY_CHARS
    );
    let long_link = Body::Link {
        text: "x".into(),
        label: "Pay".into(),
        url: "u".repeat(3_000),
    };
    assert_eq!(length(&text_of(long_link)), MAX_BODY_CHARS);
}

#[test]
fn images_and_templates_use_their_own_fields() {
    let image = Body::Image {
        url: "https://a.example/1.jpg".into(),
        caption: None,
    };
    assert_eq!(
        content(&image, &sids()).unwrap(),
        vec![("MediaUrl", "https://a.example/1.jpg".to_owned())]
    );
    let template = Body::Template {
        name: "news".into(),
        language: "en".into(),
        parameters: vec!["Dana".into(), "\"3\"".into()],
    };
    assert_eq!(
        content(&template, &sids()).unwrap(),
        vec![
            ("ContentSid", "HX0123".to_owned()),
            ("ContentVariables", r#"{"1":"Dana","2":"\"3\""}"#.to_owned()),
        ]
    );
}

#[test]
fn template_without_a_content_sid_is_never_retried() {
    let template = Body::Template {
        name: "news".into(),
        language: "he".into(),
        parameters: vec![],
    };
    assert!(!content(&template, &sids()).unwrap_err().may_send_again());
}

#[test]
fn unsupported_message_is_never_retried() {
    let reaction = Body::Reaction {
        message_id: "SM1".into(),
        emoji: "👍".into(),
    };
    assert!(!content(&reaction, &sids()).unwrap_err().may_send_again());
    let mut to_scoped_id = outbound(Body::Text { text: "hi".into() });
    to_scoped_id.to.person = Identity {
        phone: None,
        scoped_id: Some("US.1".into()),
    };
    assert!(matches!(
        message(&to_scoped_id, "whatsapp:+1", None, &ContentSids::new()),
        Err(SendError::NotSent { retry: false, .. })
    ));
}
