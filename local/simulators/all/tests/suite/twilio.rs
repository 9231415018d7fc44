//! Twilio's API and webhooks through the app's client.

use std::time::Duration;

use confab_messaging::{Body, Button, Channel, Content, DeliveryStatus};
use confab_provider_base::{File, SendError};
use serde_json::{Value, json};

use crate::fixture::{Fixture, NEWS, Person};

async fn fixture_with_open_window() -> (Fixture, Person) {
    let fixture = Fixture::start().await;
    let person = fixture.person("twilio").await;
    fixture.text(&person, "hi & שלום").await;
    fixture.wait_until_delivered().await;
    (fixture, person)
}

#[tokio::test]
async fn messages_and_statuses_go_both_ways() {
    let (fixture, person) = fixture_with_open_window().await;
    let message = fixture.app.messages().remove(0);
    assert_eq!(
        (message.from.channel, message.from.business.as_str()),
        (Channel::Twilio, "whatsapp:+14155238886")
    );
    assert_eq!(message.from.person.phone.unwrap().digits(), person.phone);
    assert_eq!(
        message.content,
        Content::Text {
            text: "hi & שלום".into()
        }
    );

    let outbound = person.outbound(Body::Buttons {
        text: "Choose".into(),
        footer: None,
        buttons: vec![Button {
            id: "1".into(),
            title: "Begin".into(),
        }],
    });
    let sent = fixture.twilio().send(&outbound).await.unwrap();
    fixture.wait_until_delivered().await;
    fixture
        .post(&format!("people/{}/read", person.id), Value::Null)
        .await;
    fixture.wait_until_delivered().await;
    let shown = fixture.chat(&person).await.pop().unwrap();
    assert_eq!(
        shown["content"],
        json!({"type": "text", "text": "Choose\n\n1. Begin"})
    );
    assert_eq!(
        shown["correlation_id"],
        outbound.reference.correlation_id.to_string()
    );
    let statuses = fixture.app.statuses();
    let stages: Vec<DeliveryStatus> = statuses.iter().map(|status| status.stage).collect();
    assert_eq!(
        stages,
        [
            DeliveryStatus::Sent,
            DeliveryStatus::Delivered,
            DeliveryStatus::Read
        ]
    );
    assert!(
        statuses
            .iter()
            .all(|status| status.reference == Some(outbound.reference)
                && status.message_id == sent.message_id)
    );
}

#[tokio::test]
async fn buttons_and_pictures_reach_the_app() {
    let fixture = Fixture::start().await;
    let person = fixture.person("twilio").await;
    fixture
        .say(
            &person,
            json!({"type": "button_reply", "id": "2", "title": "How", "reply_to": "SM1"}),
        )
        .await;
    fixture
        .say(
            &person,
            json!({"type": "list_reply", "id": "3", "title": "Pack"}),
        )
        .await;
    fixture
        .say(
            &person,
            json!({"type": "image", "data": "UE5H", "mime_type": "image/png"}),
        )
        .await;
    fixture.wait_until_delivered().await;
    let messages = fixture.app.messages();
    assert_eq!(
        messages[0].content,
        Content::Choice {
            id: "2".into(),
            title: "How".into()
        }
    );
    assert_eq!(messages[0].reply_to.as_deref(), Some("SM1"));
    assert_eq!(
        messages[1].content,
        Content::Choice {
            id: "3".into(),
            title: "Pack".into()
        }
    );
    let Content::Media {
        items,
        caption: None,
    } = &messages[2].content
    else {
        panic!()
    };
    let file = fixture.twilio().media(&items[0].source).await.unwrap();
    assert_eq!(
        file,
        File {
            bytes: b"PNG".to_vec(),
            mime_type: "image/png".into()
        }
    );
    assert!(
        fixture
            .http
            .get(&items[0].source)
            .send()
            .await
            .unwrap()
            .status()
            == 401
    );
}

#[tokio::test]
async fn lost_answers_leave_the_outcome_unknown() {
    let (fixture, person) = fixture_with_open_window().await;
    let faults = json!({"send": [{"drop_after_accept": true}, {"drop_before_accept": true}]});
    fixture.put("faults", faults).await;
    let (lost, never) = (person.text("lost"), person.text("never"));
    for outbound in [&lost, &never] {
        let error = fixture.twilio().send(outbound).await.unwrap_err();
        assert!(matches!(error, SendError::Unknown(_)), "{error}");
    }
    let arrived = fixture.chat(&person).await;
    let arrived: Vec<_> = arrived
        .iter()
        .filter(|message| message["from"] == "bot")
        .collect();
    assert_eq!(arrived.len(), 1, "the one was accepted, the other was not");
}

#[tokio::test]
async fn invalid_requests_get_the_errors_of_twilio() {
    let (fixture, person) = fixture_with_open_window().await;
    let code = |error: SendError| match error {
        SendError::NotSent { code, .. } => code,
        other => panic!("{other}"),
    };
    let mut stranger = person.text("hi");
    stranger.to.person.phone = confab_core::Phone::parse("16505559999").ok();
    assert_eq!(
        code(fixture.twilio().send(&stranger).await.unwrap_err()),
        63_003
    );
    let url = format!(
        "{}/twilio/2010-04-01/Accounts/AC1/Messages.json",
        fixture.base_url
    );
    let to = format!("whatsapp:+{}", person.phone);
    let from = "whatsapp:+14155238886";
    let long = "x".repeat(1_601);
    for (form, token, expected) in [
        (
            vec![("From", from), ("To", &to), ("Body", "x")],
            "other",
            20_003,
        ),
        (
            vec![("From", "whatsapp:+1"), ("To", &to), ("Body", "x")],
            "12345",
            63_007,
        ),
        (
            vec![("From", from), ("To", "16505550100"), ("Body", "x")],
            "12345",
            21_211,
        ),
        (vec![("From", from), ("To", &to)], "12345", 21_619),
        (
            vec![("From", from), ("To", &to), ("Body", &long)],
            "12345",
            21_617,
        ),
    ] {
        let request = fixture
            .http
            .post(&url)
            .basic_auth("AC1", Some(token))
            .form(&form);
        let error: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(error["code"], expected);
    }
}

#[tokio::test]
async fn texts_fail_after_acceptance_outside_the_reply_window() {
    let (fixture, person) = fixture_with_open_window().await;
    fixture.advance_clock(Duration::from_secs(24 * 60 * 60));
    fixture
        .twilio()
        .send(&person.text("too late"))
        .await
        .unwrap();
    fixture.wait_until_delivered().await;
    let failed = fixture.app.statuses().pop().unwrap();
    assert_eq!(
        (failed.stage, failed.error.unwrap().code),
        (DeliveryStatus::Failed, 63_016)
    );
    assert_eq!(
        fixture.chat(&person).await.pop().unwrap()["status"],
        "failed"
    );
    let template = Body::Template {
        name: "news".into(),
        language: "en".into(),
        parameters: vec!["Dana".into()],
    };
    fixture
        .twilio()
        .send(&person.outbound(template))
        .await
        .unwrap();
    let shown = fixture.chat(&person).await.pop().unwrap();
    assert_eq!(
        shown["content"],
        json!({"type": "template", "name": NEWS, "language": "", "parameters": ["Dana"]})
    );
    assert_eq!(shown["status"], "delivered");
}
