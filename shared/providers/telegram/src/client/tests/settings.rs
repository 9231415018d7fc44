use super::*;
use crate::{Bot, WebhookInfo};

#[tokio::test]
async fn bot_tells_its_name() {
    let me = json!({"id": 7_000_000_001_i64, "is_bot": true, "first_name": "Carousel", "username": "SlidesBot",
        "can_join_groups": true});
    let server = server_expecting("getMe", json!({}), me).await;
    let expected = Bot {
        id: 7_000_000_001,
        first_name: "Carousel".into(),
        username: "SlidesBot".into(),
    };
    assert_eq!(telegram(&server.uri()).me().await.unwrap(), expected);
    assert_eq!(bot_id(&TOKEN.into()), Some(expected.id));
    for token in ["", "7000000001", "x:y", ":y"] {
        assert_eq!(bot_id(&token.into()), None, "{token}");
    }
}

#[tokio::test]
async fn webhook_is_set_described_and_deleted() {
    let url = "https://a.example/telegram";
    let parameters = json!({"url": url, "secret_token": "new_secret-1", "max_connections": 40,
        "allowed_updates": ["message", "callback_query", "my_chat_member"]});
    let server = MockServer::start().await;
    let answer = json!({"ok": true, "result": true, "description": "Webhook was set"});
    Mock::given(path(format!("/bot{TOKEN}/setWebhook")))
        .and(body_json(parameters))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .expect(1)
        .mount(&server)
        .await;
    let client = telegram(&server.uri());
    client
        .set_webhook(url, &"new_secret-1".into())
        .await
        .unwrap();

    let info = json!({"url": url, "has_custom_certificate": false, "pending_update_count": 3,
        "last_error_date": 1_795_000_000, "last_error_message": "Wrong response from the webhook: 500 Internal Server Error",
        "max_connections": 40, "ip_address": "192.0.2.1", "allowed_updates": ["message"], "new": 1});
    let server = server_expecting("getWebhookInfo", json!({}), info).await;
    let expected = WebhookInfo {
        url: url.into(),
        has_custom_certificate: false,
        pending_update_count: 3,
        ip_address: Some("192.0.2.1".into()),
        last_error_date: Some(1_795_000_000),
        last_error_message: Some(
            "Wrong response from the webhook: 500 Internal Server Error".into(),
        ),
        max_connections: Some(40),
        allowed_updates: vec!["message".into()],
    };
    let client = telegram(&server.uri());
    assert_eq!(client.webhook_info().await.unwrap(), expected);

    let server = server_expecting("deleteWebhook", json!({}), json!(true)).await;
    telegram(&server.uri()).delete_webhook().await.unwrap();
}

#[tokio::test]
async fn webhook_secret_is_checked_before_a_request() {
    let server = server_responding(ok(json!(true))).await;
    let client = telegram(&server.uri());
    for secret in ["", "two words", "a.b"] {
        let error = client
            .set_webhook("https://a.example", &secret.into())
            .await
            .unwrap_err();
        assert!(
            matches!(error, TelegramError::Refused { code: 0, .. }),
            "{error}"
        );
    }
    assert_eq!(request_count(&server).await, 0);
}

fn command(name: &str, description: &str) -> BotCommand {
    BotCommand {
        name: name.into(),
        description: description.into(),
    }
}

#[tokio::test]
async fn commands_are_set_for_a_language_and_for_all_others() {
    let commands = [command("carousel", "שקופיות מנושא")];
    let list = json!([{"command": "carousel", "description": "שקופיות מנושא"}]);
    for (language, parameters) in [
        (
            Some("he"),
            json!({"commands": list.clone(), "language_code": "he"}),
        ),
        (None, json!({"commands": list.clone()})),
    ] {
        let server = server_expecting("setMyCommands", parameters, json!(true)).await;
        let client = telegram(&server.uri());
        client.set_my_commands(&commands, language).await.unwrap();
    }
}

#[tokio::test]
async fn commands_beyond_the_limits_are_refused_before_a_request() {
    let server = server_responding(ok(json!(true))).await;
    let client = telegram(&server.uri());
    for commands in [
        vec![command("", "x")],
        vec![command("Carousel", "x")],
        vec![command("my-list", "x")],
        vec![command(&"a".repeat(33), "x")],
        vec![command("my", "")],
        vec![command("my", &"x".repeat(257))],
        vec![command("my", "x"); 101],
    ] {
        let error = client.set_my_commands(&commands, None).await.unwrap_err();
        assert!(
            matches!(error, TelegramError::Refused { code: 0, .. }),
            "{error}"
        );
    }
    assert_eq!(request_count(&server).await, 0);
}
