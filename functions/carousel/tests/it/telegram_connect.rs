//! `telegram-connect`: the webhook and the menu of commands.

use carousel::routes::telegram_connect;
use confab_testkit::{TestRequest, TestResponse};
use serde_json::{Value, json};

use crate::world::{TOKEN, World};

const URL: &str = "http://127.0.0.1:7071/telegram";

async fn connect(world: &World, url: &str, key: &str) -> TestResponse {
    let request = TestRequest::post("/telegram/connect", json!({ "url": url }));
    let routes = telegram_connect::routes();
    world
        .call("telegram-connect", &routes, request.token(key))
        .await
}

/// Asks Telegram as the bot.
async fn ask(world: &World, method: &str) -> Value {
    let path = format!("/telegram/bot{TOKEN}/{method}");
    world.control("POST", &path, &json!({})).await["result"].clone()
}

#[tokio::test]
async fn webhook_and_menu_are_registered_in_all_languages() {
    let world = World::open().await;
    for _ in 0..2 {
        // Telegram takes one registration a second.
        world.clock().advance(std::time::Duration::from_secs(2));
        let connected = connect(&world, URL, "operator-key").await;
        assert_eq!(connected.status, 200, "{}", connected.text);
        assert_eq!(connected.body["url"], URL);
        assert_eq!(connected.body["username"], "carousel_bot");
        assert_eq!(
            (&connected.body["commands"], &connected.body["languages"]),
            (&json!(9), &json!(5))
        );
    }
    let webhook = ask(&world, "getWebhookInfo").await;
    assert_eq!(webhook["url"], URL);
    assert_eq!(
        webhook["allowed_updates"],
        json!(["message", "callback_query", "my_chat_member"])
    );
    let calls = world.telegram_calls().await.into_iter();
    let menus = calls.filter(|call| call["method"] == "setMyCommands");
    assert_eq!(
        menus.count(),
        12,
        "a menu for each language and one for the others, twice"
    );
}

#[tokio::test]
async fn strangers_and_bad_addresses_change_nothing() {
    let world = World::open().await;
    assert_eq!(connect(&world, URL, "operator-kex").await.status, 401);
    for url in [
        "",
        "http://carousel.example/telegram",
        "ftp://x",
        "javascript:0",
    ] {
        let refused = connect(&world, url, "operator-key").await;
        assert_eq!((refused.status, refused.code()), (422, "bad_url"), "{url}");
    }
    let unknown = "https://carousel.example/telegram";
    let refused = connect(&world, unknown, "operator-key").await;
    assert_eq!((refused.status, refused.code()), (422, "url_refused"));
    assert!(
        refused.text.contains("Failed to resolve host"),
        "{}",
        refused.text
    );
    assert_eq!(ask(&world, "getWebhookInfo").await["url"], "");
}
