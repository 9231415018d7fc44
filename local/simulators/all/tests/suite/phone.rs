//! The phone's API.

use serde_json::{Value, json};

use crate::fixture::Fixture;

#[tokio::test]
async fn people_get_distinct_numbers() {
    let fixture = Fixture::start().await;
    let (dana, omer) = (fixture.person("meta").await, fixture.person("twilio").await);
    assert_eq!(
        (dana.phone.as_str(), omer.phone.as_str()),
        ("16505550100", "16505550101")
    );
    assert!(dana.user_id.unwrap().starts_with("US.") && omer.user_id.is_none());
    let people = fixture.get("people").await;
    assert_eq!(people.as_array().unwrap().len(), 2);
    assert_eq!(
        (people[0]["unread"].clone(), people[0]["last"].clone()),
        (json!(0), Value::Null)
    );
}

#[tokio::test]
async fn chats_are_read_after_a_cursor() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    for text in ["one", "two", "three"] {
        fixture.text(&person, text).await;
    }
    fixture.wait_until_delivered().await;
    fixture.meta().send(&person.text("four")).await.unwrap();
    let people = fixture.get("people").await;
    assert_eq!(
        (
            people[0]["unread"].as_i64(),
            people[0]["last"]["seq"].as_i64()
        ),
        (Some(1), Some(4))
    );
    let rest = fixture
        .get(&format!("people/{}/messages?after=2", person.id))
        .await;
    let rest: Vec<_> = rest
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (message["seq"].clone(), message["from"].clone()))
        .collect();
    assert_eq!(
        rest,
        [(json!(3), json!("person")), (json!(4), json!("bot"))]
    );
}

#[tokio::test]
async fn invalid_requests_are_refused() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    let messages = format!("people/{}/messages", person.id);
    let settings = fixture.get("settings").await;
    for (method, path, body, expected) in [
        (
            "POST",
            "people",
            json!({"name": "", "channel": "meta"}),
            400,
        ),
        (
            "POST",
            "people",
            json!({"name": "x", "channel": "pigeon"}),
            400,
        ),
        (
            "POST",
            "people",
            json!({"name": "x", "channel": "twilio", "hide_number": true}),
            400,
        ),
        (
            "POST",
            "people",
            json!({"name": "x", "channel": "meta", "age": 7}),
            400,
        ),
        ("GET", "people/per_1/messages", Value::Null, 404),
        ("POST", "people/per_1/read", Value::Null, 404),
        ("GET", "media/1", Value::Null, 404),
        ("POST", &messages, json!({"type": "text", "text": ""}), 400),
        (
            "POST",
            &messages,
            json!({"type": "text", "text": "x", "more": 1}),
            400,
        ),
        (
            "POST",
            &messages,
            json!({"type": "image", "data": "%", "mime_type": "image/png"}),
            400,
        ),
        (
            "POST",
            &messages,
            json!({"type": "image", "data": "UE5H", "mime_type": "image/svg+xml"}),
            400,
        ),
        (
            "POST",
            &messages,
            json!({"type": "reaction", "message_id": "wamid.none", "emoji": "x"}),
            404,
        ),
        ("POST", &messages, json!({"type": "dance"}), 400),
        ("PUT", "settings", json!({"copies": 6}), 400),
        ("PUT", "settings", json!({"copies": 0}), 400),
        ("PUT", "settings", json!({"delay": 1}), 400),
        ("PUT", "faults", json!({"send": [{"http": 200}]}), 400),
        ("PUT", "faults", json!({"send": [{"explode": true}]}), 400),
    ] {
        let (status, answer) = fixture.call(method, path, &body).await;
        assert_eq!(status, expected, "{method} {path} {body} {answer}");
        assert!(answer["error"]["message"].is_string(), "{answer}");
    }
    assert_eq!(fixture.get("settings").await, settings);
    assert!(fixture.chat(&person).await.is_empty());
    assert!(fixture.app.calls().is_empty());
}

#[tokio::test]
async fn open_pages_receive_updates() {
    let fixture = Fixture::start().await;
    let person = fixture.person("meta").await;
    let stream = fixture
        .http
        .get(format!("{}/api/phone/stream", fixture.base_url))
        .send()
        .await
        .unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    fixture.text(&person, "one").await;
    fixture.wait_until_delivered().await;
    fixture.stop().await;
    let events = stream.text().await.unwrap();
    let statuses: Vec<&str> = events
        .lines()
        .filter_map(|line| line.split("\"status\":\"").nth(1))
        .collect();
    assert!(
        statuses[0].starts_with("sending") && statuses[1].starts_with("delivered"),
        "{events}"
    );
}
