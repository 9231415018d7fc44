//! The Graph API through our own client, and raw where the client is too polite.

use std::time::Duration;

use confab_messaging::{
    Body, Button, Channel, Content, DeliveryStatus, Identity, ListRow, ListSection,
};
use confab_provider_base::{File, MediaError, SendError};
use serde_json::{Value, json};

use crate::world::{Person, World};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn world_with_open_window() -> (World, Person) {
    let world = World::start().await;
    let person = world.person("meta").await;
    world.text(&person, "hi").await;
    world.quiet().await;
    (world, person)
}

fn code(error: SendError) -> i64 {
    match error {
        SendError::NotSent { code, .. } => code,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_body_shows_on_the_phone() {
    let (world, person) = world_with_open_window().await;
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
        let sent = world.meta().send(&outbound).await.unwrap();
        let shown = world.chat(&person).await.pop().unwrap();
        assert_eq!(shown["content"], content);
        assert_eq!(
            (shown["id"].as_str(), shown["context_id"].as_str()),
            (Some(sent.message_id.as_str()), Some("wamid.1"))
        );
        assert_eq!(
            shown["correlation_id"],
            outbound.reference.correlation_id.to_string()
        );
        let record = world
            .seen()
            .into_iter()
            .find(|record| record.reference.as_ref() == Some(&sent.message_id));
        assert_eq!(
            record.unwrap().correlation_id,
            Some(outbound.reference.correlation_id.to_string())
        );
    }
}

#[tokio::test]
async fn statuses_come_back_with_our_reference_and_read_only_when_it_was_read() {
    let (world, person) = world_with_open_window().await;
    let outbound = person.text("hello");
    let sent = world.meta().send(&outbound).await.unwrap();
    world.quiet().await;
    let stages = |world: &World| {
        world
            .app
            .statuses()
            .iter()
            .map(|status| status.stage)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        stages(&world),
        [DeliveryStatus::Sent, DeliveryStatus::Delivered]
    );
    world
        .post(&format!("people/{}/read", person.id), Value::Null)
        .await;
    world.quiet().await;
    assert_eq!(
        stages(&world),
        [
            DeliveryStatus::Sent,
            DeliveryStatus::Delivered,
            DeliveryStatus::Read
        ]
    );
    for status in world.app.statuses() {
        assert_eq!(
            (status.message_id, status.reference),
            (sent.message_id.clone(), Some(outbound.reference))
        );
        assert_eq!(status.to.person.phone.unwrap().digits(), person.phone);
    }
    let price = world.app.statuses()[1].price.clone().unwrap();
    assert_eq!(
        (price.billable, price.category.as_str()),
        (false, "service")
    );
    let read_again = world
        .post(&format!("people/{}/read", person.id), Value::Null)
        .await;
    assert_eq!(read_again["read"], 0);
}

#[tokio::test]
async fn statuses_can_be_turned_off() {
    let (world, person) = world_with_open_window().await;
    world.put("settings", json!({"statuses": false})).await;
    world.meta().send(&person.text("hello")).await.unwrap();
    world
        .post(&format!("people/{}/read", person.id), Value::Null)
        .await;
    world.quiet().await;
    assert!(world.app.statuses().is_empty());
}

#[tokio::test]
async fn after_a_day_only_a_template_gets_through() {
    let (world, person) = world_with_open_window().await;
    world.pass(DAY - Duration::from_secs(5));
    world.meta().send(&person.text("in time")).await.unwrap();
    world.pass(Duration::from_secs(6));
    let error = world
        .meta()
        .send(&person.text("too late"))
        .await
        .unwrap_err();
    assert_eq!(code(error), 131_047);
    let shown = world.chat(&person).await.pop().unwrap();
    assert_eq!(
        (shown["status"].as_str(), shown["error"].as_str()),
        (Some("failed"), Some("131047 Re-engagement message"))
    );
    let template = Body::Template {
        name: "hello".into(),
        language: "en".into(),
        parameters: vec![],
    };
    world.meta().send(&person.outbound(template)).await.unwrap();
    let never_wrote = world.person("meta").await;
    let error = world
        .meta()
        .send(&never_wrote.text("hi"))
        .await
        .unwrap_err();
    assert_eq!(code(error), 131_047);
}

#[tokio::test]
async fn a_hidden_number_is_in_no_webhook_and_reaches_nobody() {
    let world = World::start().await;
    let person = world
        .new_person(json!({"name": "Noa", "channel": "meta", "hide_number": true}))
        .await;
    world.text(&person, "hi").await;
    world.quiet().await;
    let from = world.app.messages().remove(0).from.person;
    assert_eq!(
        (from.phone, from.scoped_id.map(|id| id.0)),
        (None, person.user_id.clone())
    );
    let error = world.meta().send(&person.text("hi")).await.unwrap_err();
    assert_eq!(code(error), 131_026);
    let mut outbound = person.text("hi");
    outbound.to.person = Identity {
        phone: None,
        scoped_id: person.user_id.clone().map(Into::into),
    };
    world.meta().send(&outbound).await.unwrap();
    world.quiet().await;
    let to = world.app.statuses().remove(0).to.person;
    assert_eq!(
        (to.phone, to.scoped_id.map(|id| id.0)),
        (None, person.user_id)
    );
}

#[tokio::test]
async fn who_has_no_business_here_is_refused() {
    let (world, person) = world_with_open_window().await;
    let error = world
        .meta_with("other")
        .send(&person.text("hi"))
        .await
        .unwrap_err();
    assert_eq!(code(error), 190);
    let mut stranger = person.text("hi");
    stranger.to.person.phone = confab_core::Phone::parse("16505559999").ok();
    let error = world.meta().send(&stranger).await.unwrap_err();
    assert_eq!(code(error), 131_026);
    let url = |path: &str| format!("{}/meta/{path}", world.base_url);
    let body = json!({"messaging_product": "whatsapp", "to": person.phone, "type": "text", "text": {"body": ""}});
    for (path, expected) in [
        ("v24.0/106540352242922/messages", 131_009),
        ("v24.0/1/messages", 100),
        ("x/106540352242922/messages", 100),
    ] {
        let response = world
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
async fn a_picture_goes_to_the_app_in_two_steps() {
    let world = World::start().await;
    let person = world.person("meta").await;
    let id = world
        .say(&person, json!({"type": "image", "data": "SlBFRw==", "mime_type": "image/jpeg", "caption": "me"}))
        .await;
    world.quiet().await;
    let message = world.app.messages().remove(0);
    assert_eq!(message.id, id);
    let Content::Media { items, caption } = message.content else {
        panic!()
    };
    assert_eq!(
        (items[0].mime_type.as_str(), caption),
        ("image/jpeg", Some("me".into()))
    );
    let file = world.meta().media(&items[0].source).await.unwrap();
    assert_eq!(
        file,
        File {
            bytes: b"JPEG".to_vec(),
            mime_type: "image/jpeg".into()
        }
    );

    let place = world
        .http
        .get(format!("{}/meta/v24.0/{}", world.base_url, items[0].source));
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
        world
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
    world.pass(Duration::from_secs(301));
    assert_eq!(status(url, "access-token").await, 404);
    assert_eq!(
        world.meta().media("1").await.unwrap_err(),
        MediaError::Gone(400)
    );
    world.pass(7 * DAY);
    assert_eq!(
        world.meta().media(&items[0].source).await.unwrap_err(),
        MediaError::Gone(400)
    );
}

#[tokio::test]
async fn an_uploaded_picture_can_be_sent() {
    let (world, person) = world_with_open_window().await;
    let file = File {
        bytes: b"PNG".to_vec(),
        mime_type: "image/png".into(),
    };
    let id = world.meta().upload(file).await.unwrap();
    let url = format!("{}/meta/v24.0/106540352242922/messages", world.base_url);
    let send = async |id: &str| {
        let body = json!({"messaging_product": "whatsapp", "to": person.phone, "type": "image", "image": {"id": id}});
        world
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
    let picture = world
        .http
        .get(format!("{}/api/phone/media/{id}", world.base_url))
        .send()
        .await
        .unwrap();
    assert_eq!(picture.bytes().await.unwrap().as_ref(), b"PNG");
}

#[tokio::test]
async fn reading_typing_and_reacting() {
    let (world, person) = world_with_open_window().await;
    let stream = world
        .http
        .get(format!("{}/api/phone/stream", world.base_url))
        .send()
        .await
        .unwrap();
    let id = world.text(&person, "again").await;
    world.quiet().await;
    world.meta().typing(&id).await.unwrap();
    let statuses = |chat: &[Value]| {
        chat.iter()
            .map(|message| message["status"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(statuses(&world.chat(&person).await), ["read", "read"]);
    assert!(world.meta().mark_read("wamid.none").await.is_err());
    world
        .meta()
        .send(&person.outbound(Body::Reaction {
            message_id: id,
            emoji: "👍".into(),
        }))
        .await
        .unwrap();
    assert_eq!(world.chat(&person).await[1]["reaction"], "👍");
    assert_eq!(world.get("sent").await["total"], 0);

    let answer = world.meta().send(&person.text("hello")).await.unwrap();
    let said = json!({"type": "reaction", "message_id": answer.message_id, "emoji": "🎉"});
    world.say(&person, said).await;
    world.quiet().await;
    let reaction = world.app.messages().pop().unwrap();
    assert_eq!(
        reaction.content,
        Content::Reaction {
            message_id: answer.message_id,
            emoji: Some("🎉".into())
        }
    );
    world.stop().await;
    let events = stream.text().await.unwrap();
    assert!(events.contains("event: typing"), "{events}");
    assert!(events.contains("\"reaction\":\"🎉\""), "{events}");
}

#[tokio::test]
async fn faults_happen_as_often_as_wished() {
    let (world, person) = world_with_open_window().await;
    let faults = json!({"send": [
        {"http": 500, "code": 131_000, "times": 2},
        {"http": 502},
        {"code": 130_429},
        {"drop_before_accept": true},
        {"drop_after_accept": true},
        {"fails_later": 131_026},
    ]});
    world.put("faults", faults).await;
    let send = async || world.meta().send(&person.text("x")).await;
    for _ in 0..2 {
        let error = send().await.unwrap_err();
        assert!(error.may_send_again());
        assert_eq!(code(error), 131_000);
    }
    assert!(matches!(send().await.unwrap_err(), SendError::Unknown(_)));
    assert_eq!(code(send().await.unwrap_err()), 130_429);
    assert_eq!(world.get("sent").await["total"], 0);
    let error = send().await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error}");
    assert_eq!(world.get("sent").await["total"], 0);
    let error = send().await.unwrap_err();
    assert!(matches!(error, SendError::Unknown(_)), "{error}");
    assert_eq!(world.get("sent").await["total"], 1);
    send().await.unwrap();
    world.quiet().await;
    let failed = world.app.statuses().pop().unwrap();
    assert_eq!(
        (failed.stage, failed.error.unwrap().code),
        (DeliveryStatus::Failed, 131_026)
    );
    send().await.unwrap();
    assert_eq!(world.get("faults").await, json!({"send": []}));
}

#[tokio::test]
async fn a_hanging_answer_has_been_accepted_all_the_same() {
    let (world, person) = world_with_open_window().await;
    world
        .put("faults", json!({"send": [{"hang_ms": 30_000}]}))
        .await;
    let meta = world.meta();
    let outbound = person.text("x");
    let hung = tokio::time::timeout(Duration::from_millis(500), meta.send(&outbound)).await;
    assert!(hung.is_err());
    assert_eq!(
        world.get(&format!("sent?person={}", person.id)).await["total"],
        1
    );
}

#[tokio::test]
async fn what_was_sent_twice_is_told() {
    let (world, person) = world_with_open_window().await;
    let (once, twice) = (person.text("once"), person.text("twice"));
    for outbound in [&once, &twice, &twice] {
        world.meta().send(outbound).await.unwrap();
    }
    let sent = world.get("sent").await;
    assert_eq!(
        (sent["total"].as_u64(), sent["sent_twice"].clone()),
        (Some(3), json!([twice.reference.to_string()]))
    );
    let other = world.person("meta").await;
    assert_eq!(
        world.get(&format!("sent?person={}", other.id)).await["total"],
        0
    );
}

#[tokio::test]
async fn the_webhook_address_is_verified() {
    let world = World::start().await;
    assert_eq!(
        world.post("verify", Value::Null).await,
        json!({"ok": true, "status": 200})
    );
}

#[tokio::test]
async fn anything_that_meta_might_bring() {
    let world = World::start().await;
    let person = world.person("meta").await;
    world
        .say(
            &person,
            json!({"type": "raw", "fields": {"type": "hologram", "hologram": {"depth": 3}}}),
        )
        .await;
    world.quiet().await;
    let message = world.app.messages().remove(0);
    assert_eq!(message.from.channel, Channel::Meta);
    assert_eq!(
        message.content,
        Content::Unsupported {
            what: "hologram".into()
        }
    );
}
