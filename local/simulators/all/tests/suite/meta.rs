//! The Graph API through the app's client, and raw where the client cannot send a request.

use std::time::Duration;

use confab_messaging::{
    Body, Button, Channel, Content, DeliveryStatus, Identity, ListRow, ListSection,
};
use confab_provider_base::{File, MediaError, SendError};
use serde_json::{Value, json};

use crate::fixture::{Fixture, Person};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn fixture_with_open_window() -> (Fixture, Person) {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    fixture.text(&person, "hi").await;
    fixture.wait_until_delivered().await;
    (fixture, person)
}

fn code(error: SendError) -> i64 {
    match error {
        SendError::NotSent { code, .. } => code,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_message_type_shows_on_the_phone() {
    let (fixture, person) = fixture_with_open_window().await;
    let row = |id: &str| ListRow {
        id: id.into(),
        title: id.into(),
        description: None,
    };
    let bodies = [
        (
            Body::Text { text: "hi".into() },
            json!({"type": "text", "text": "hi"}),
        ),
        (
            Body::Image {
                url: "https://a.example/1.jpg".into(),
                caption: Some("one".into()),
            },
            json!({"type": "image", "media_id": null, "url": "https://a.example/1.jpg", "caption": "one"}),
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
            json!({"type": "buttons", "header": null, "body": "Choose", "footer": "Confab",
                "buttons": [{"id": "1", "title": "Begin"}]}),
        ),
        (
            Body::List {
                text: "Choose".into(),
                footer: None,
                open: "Packs".into(),
                sections: vec![ListSection {
                    title: "All".into(),
                    rows: vec![row("a"), row("b")],
                }],
            },
            json!({"type": "list", "header": null, "body": "Choose", "footer": null, "button": "Packs", "sections":
                [{"title": "All", "rows": [{"id": "a", "title": "a", "description": null}, {"id": "b", "title": "b", "description": null}]}]}),
        ),
        (
            Body::Link {
                text: "Pay".into(),
                label: "Pay now".into(),
                url: "https://p.example".into(),
            },
            json!({"type": "link", "body": "Pay", "label": "Pay now", "url": "https://p.example"}),
        ),
        (
            Body::Template {
                name: "photos_ready".into(),
                language: "en_US".into(),
                parameters: vec!["Dana".into()],
            },
            json!({"type": "template", "name": "photos_ready", "language": "en_US", "parameters": ["Dana"]}),
        ),
    ];
    for (body, content) in bodies {
        let mut outbound = person.outbound(body);
        outbound.reply_to = Some("wamid.1".into());
        let sent = fixture.meta().send(&outbound).await.unwrap();
        let shown = fixture.chat(&person).await.pop().unwrap();
        assert_eq!(shown["content"], content);
        assert_eq!(
            (shown["id"].as_str(), shown["context_id"].as_str()),
            (Some(sent.message_id.as_str()), Some("wamid.1"))
        );
        assert_eq!(
            shown["correlation_id"],
            outbound.reference.correlation_id.to_string()
        );
        let record = fixture
            .call_records()
            .into_iter()
            .find(|record| record.reference.as_ref() == Some(&sent.message_id));
        assert_eq!(
            record.unwrap().correlation_id,
            Some(outbound.reference.correlation_id.to_string())
        );
    }
}

#[tokio::test]
async fn statuses_carry_the_reference_and_report_read_once_it_is_read() {
    let (fixture, person) = fixture_with_open_window().await;
    let outbound = person.text("hello");
    let sent = fixture.meta().send(&outbound).await.unwrap();
    fixture.wait_until_delivered().await;
    let stages = |fixture: &Fixture| {
        fixture
            .app
            .statuses()
            .iter()
            .map(|status| status.stage)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        stages(&fixture),
        [DeliveryStatus::Sent, DeliveryStatus::Delivered]
    );
    fixture
        .post(&format!("people/{}/read", person.id), Value::Null)
        .await;
    fixture.wait_until_delivered().await;
    assert_eq!(
        stages(&fixture),
        [
            DeliveryStatus::Sent,
            DeliveryStatus::Delivered,
            DeliveryStatus::Read
        ]
    );
    for status in fixture.app.statuses() {
        assert_eq!(
            (status.message_id, status.reference),
            (sent.message_id.clone(), Some(outbound.reference))
        );
        assert_eq!(status.to.person.phone.unwrap().digits(), person.phone);
    }
    let price = fixture.app.statuses()[1].price.clone().unwrap();
    assert_eq!(
        (price.billable, price.category.as_str()),
        (false, "service")
    );
    let read_again = fixture
        .post(&format!("people/{}/read", person.id), Value::Null)
        .await;
    assert_eq!(read_again["read"], 0);
}

#[tokio::test]
async fn statuses_can_be_turned_off() {
    let (fixture, person) = fixture_with_open_window().await;
    fixture.put("settings", json!({"statuses": false})).await;
    fixture.meta().send(&person.text("hello")).await.unwrap();
    fixture
        .post(&format!("people/{}/read", person.id), Value::Null)
        .await;
    fixture.wait_until_delivered().await;
    assert!(fixture.app.statuses().is_empty());
}

#[tokio::test]
async fn only_templates_are_accepted_after_a_day() {
    let (fixture, person) = fixture_with_open_window().await;
    fixture.advance_clock(DAY - Duration::from_secs(5));
    fixture.meta().send(&person.text("in time")).await.unwrap();
    fixture.advance_clock(Duration::from_secs(6));
    let error = fixture
        .meta()
        .send(&person.text("too late"))
        .await
        .unwrap_err();
    assert_eq!(code(error), 131_047);
    let shown = fixture.chat(&person).await.pop().unwrap();
    assert_eq!(
        (shown["status"].as_str(), shown["error"].as_str()),
        (Some("failed"), Some("131047 Re-engagement message"))
    );
    let template = Body::Template {
        name: "hello".into(),
        language: "en".into(),
        parameters: vec![],
    };
    fixture
        .meta()
        .send(&person.outbound(template))
        .await
        .unwrap();
    let never_wrote = fixture.person("meta").await;
    let error = fixture
        .meta()
        .send(&never_wrote.text("hi"))
        .await
        .unwrap_err();
    assert_eq!(code(error), 131_047);
}

#[tokio::test]
async fn hidden_numbers_are_in_no_webhook_and_cannot_be_messaged() {
    let fixture = Fixture::start().await;
    let person = fixture
        .new_person(json!({"name": "Noa", "channel": "meta", "hide_number": true}))
        .await;
    fixture.text(&person, "hi").await;
    fixture.wait_until_delivered().await;
    let from = fixture.app.messages().remove(0).from.person;
    assert_eq!(
        (from.phone, from.scoped_id.map(|id| id.0)),
        (None, person.user_id.clone())
    );
    let error = fixture.meta().send(&person.text("hi")).await.unwrap_err();
    assert_eq!(code(error), 131_026);
    let mut outbound = person.text("hi");
    outbound.to.person = Identity {
        phone: None,
        scoped_id: person.user_id.clone().map(Into::into),
    };
    fixture.meta().send(&outbound).await.unwrap();
    fixture.wait_until_delivered().await;
    let to = fixture.app.statuses().remove(0).to.person;
    assert_eq!(
        (to.phone, to.scoped_id.map(|id| id.0)),
        (None, person.user_id)
    );
}

#[tokio::test]
async fn calls_with_wrong_token_version_or_number_are_refused() {
    let (fixture, person) = fixture_with_open_window().await;
    let error = fixture
        .meta_with("other")
        .send(&person.text("hi"))
        .await
        .unwrap_err();
    assert_eq!(code(error), 190);
    let mut stranger = person.text("hi");
    stranger.to.person.phone = confab_core::Phone::parse("16505559999").ok();
    let error = fixture.meta().send(&stranger).await.unwrap_err();
    assert_eq!(code(error), 131_026);
    let url = |path: &str| format!("{}/meta/{path}", fixture.base_url);
    let body = json!({"messaging_product": "whatsapp", "to": person.phone, "type": "text", "text": {"body": ""}});
    for (path, expected) in [
        ("v24.0/106540352242922/messages", 131_009),
        ("v24.0/1/messages", 100),
        ("x/106540352242922/messages", 100),
    ] {
        let response = fixture
            .http
            .post(url(path))
            .bearer_auth("access-token")
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400);
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"], expected, "{path}");
        assert_eq!(error["error"]["type"], "OAuthException");
    }
}

#[tokio::test]
async fn pictures_are_downloaded_in_two_steps() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    let id = fixture
        .say(&person, json!({"type": "image", "data": "SlBFRw==", "mime_type": "image/jpeg", "caption": "me"}))
        .await;
    fixture.wait_until_delivered().await;
    let message = fixture.app.messages().remove(0);
    assert_eq!(message.id, id);
    let Content::Media { items, caption } = message.content else {
        panic!()
    };
    assert_eq!(
        (items[0].mime_type.as_str(), caption),
        ("image/jpeg", Some("me".into()))
    );
    let file = fixture.meta().media(&items[0].source).await.unwrap();
    assert_eq!(
        file,
        File {
            bytes: b"JPEG".to_vec(),
            mime_type: "image/jpeg".into()
        }
    );

    let place = fixture.http.get(format!(
        "{}/meta/v24.0/{}",
        fixture.base_url, items[0].source
    ));
    let place: Value = place
        .bearer_auth("access-token")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let url = place["url"].as_str().unwrap();
    let status = async |url: &str, token: &str| {
        fixture
            .http
            .get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(status(url, "access-token").await, 200);
    assert_eq!(status(url, "other").await, 401);
    assert_eq!(
        status(&url.replace("ext=", "ext=9"), "access-token").await,
        404
    );
    fixture.advance_clock(Duration::from_secs(301));
    assert_eq!(status(url, "access-token").await, 404);
    assert_eq!(
        fixture.meta().media("1").await.unwrap_err(),
        MediaError::Gone(400)
    );
    fixture.advance_clock(7 * DAY);
    assert_eq!(
        fixture.meta().media(&items[0].source).await.unwrap_err(),
        MediaError::Gone(400)
    );
}

#[tokio::test]
async fn uploaded_pictures_can_be_sent() {
    let (fixture, person) = fixture_with_open_window().await;
    let file = File {
        bytes: b"PNG".to_vec(),
        mime_type: "image/png".into(),
    };
    let id = fixture.meta().upload(file).await.unwrap();
    let url = format!("{}/meta/v24.0/106540352242922/messages", fixture.base_url);
    let send = async |id: &str| {
        let body = json!({"messaging_product": "whatsapp", "to": person.phone, "type": "image", "image": {"id": id}});
        fixture
            .http
            .post(&url)
            .bearer_auth("access-token")
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(send(&id).await, 200);
    assert_eq!(send("404").await, 400);
    let picture = fixture
        .http
        .get(format!("{}/api/phone/media/{id}", fixture.base_url))
        .send()
        .await
        .unwrap();
    assert_eq!(picture.bytes().await.unwrap().as_ref(), b"PNG");
}

#[tokio::test]
async fn read_marks_typing_and_reactions_show_on_the_phone() {
    let (fixture, person) = fixture_with_open_window().await;
    let stream = fixture
        .http
        .get(format!("{}/api/phone/stream", fixture.base_url))
        .send()
        .await
        .unwrap();
    let id = fixture.text(&person, "again").await;
    fixture.wait_until_delivered().await;
    fixture.meta().typing(&id).await.unwrap();
    let statuses = |chat: &[Value]| {
        chat.iter()
            .map(|message| message["status"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(statuses(&fixture.chat(&person).await), ["read", "read"]);
    assert!(fixture.meta().mark_read("wamid.none").await.is_err());
    fixture
        .meta()
        .send(&person.outbound(Body::Reaction {
            message_id: id,
            emoji: "👍".into(),
        }))
        .await
        .unwrap();
    assert_eq!(fixture.chat(&person).await[1]["reaction"], "👍");
    assert_eq!(fixture.get("sent").await["total"], 0);

    let answer = fixture.meta().send(&person.text("hello")).await.unwrap();
    let said = json!({"type": "reaction", "message_id": answer.message_id, "emoji": "🎉"});
    fixture.say(&person, said).await;
    fixture.wait_until_delivered().await;
    let reaction = fixture.app.messages().pop().unwrap();
    assert_eq!(
        reaction.content,
        Content::Reaction {
            message_id: answer.message_id,
            emoji: Some("🎉".into())
        }
    );
    fixture.stop().await;
    let events = stream.text().await.unwrap();
    assert!(events.contains("event: typing"), "{events}");
    assert!(events.contains("\"reaction\":\"🎉\""), "{events}");
}

#[tokio::test]
async fn faults_apply_as_often_as_set() {
    let (fixture, person) = fixture_with_open_window().await;
    let faults = json!({"send": [
        {"http": 500, "code": 131_000, "times": 2},
        {"http": 502},
        {"code": 130_429},
        {"drop_before_accept": true},
        {"drop_after_accept": true},
        {"fails_later": 131_026},
    ]});
    fixture.put("faults", faults).await;
    let send = async || fixture.meta().send(&person.text("x")).await;
    for _ in 0..2 {
        let error = send().await.unwrap_err();
        assert!(error.may_send_again());
        assert_eq!(code(error), 131_000);
    }
    assert!(matches!(send().await.unwrap_err(), SendError::Unknown(_)));
    assert_eq!(code(send().await.unwrap_err()), 130_429);
    assert_eq!(fixture.get("sent").await["total"], 0);
    let error = send().await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error}");
    assert_eq!(fixture.get("sent").await["total"], 0);
    let error = send().await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error}");
    assert_eq!(fixture.get("sent").await["total"], 1);
    send().await.unwrap();
    fixture.wait_until_delivered().await;
    let failed = fixture.app.statuses().pop().unwrap();
    assert_eq!(
        (failed.stage, failed.error.unwrap().code),
        (DeliveryStatus::Failed, 131_026)
    );
    send().await.unwrap();
    assert_eq!(fixture.get("faults").await, json!({"send": []}));
}

#[tokio::test]
async fn messages_are_accepted_before_a_hanging_answer() {
    let (fixture, person) = fixture_with_open_window().await;
    fixture
        .put("faults", json!({"send": [{"hang_ms": 30_000}]}))
        .await;
    let meta = fixture.meta();
    let outbound = person.text("x");
    let hung = tokio::time::timeout(Duration::from_millis(500), meta.send(&outbound)).await;
    assert!(hung.is_err());
    assert_eq!(
        fixture.get(&format!("sent?person={}", person.id)).await["total"],
        1
    );
}

#[tokio::test]
async fn duplicate_sends_are_listed() {
    let (fixture, person) = fixture_with_open_window().await;
    let (once, twice) = (person.text("once"), person.text("twice"));
    for outbound in [&once, &twice, &twice] {
        fixture.meta().send(outbound).await.unwrap();
    }
    let sent = fixture.get("sent").await;
    assert_eq!(
        (sent["total"].as_u64(), sent["sent_twice"].clone()),
        (Some(3), json!([twice.reference.to_string()]))
    );
    let other = fixture.person("meta").await;
    assert_eq!(
        fixture.get(&format!("sent?person={}", other.id)).await["total"],
        0
    );
}

#[tokio::test]
async fn webhook_address_is_verified_by_its_challenge() {
    let fixture = Fixture::start().await;
    assert_eq!(
        fixture.post("verify", Value::Null).await,
        json!({"ok": true, "status": 200})
    );
}

#[tokio::test]
async fn raw_fields_reach_the_app_unchanged() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    fixture
        .say(
            &person,
            json!({"type": "raw", "fields": {"type": "hologram", "hologram": {"depth": 3}}}),
        )
        .await;
    fixture.wait_until_delivered().await;
    let message = fixture.app.messages().remove(0);
    assert_eq!(message.from.channel, Channel::Meta);
    assert_eq!(
        message.content,
        Content::Unsupported {
            what: "hologram".into()
        }
    );
}
