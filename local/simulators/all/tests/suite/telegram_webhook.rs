//! Delivery of updates: queues, retries, expiry, and what the app may answer.

use std::path::Path;

use confab_simulators::{Options, Simulators};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::telegram_bot::{Bot, Reply};

/// Starts simulators with a configured webhook, and returns their address.
async fn start_configured(folder: &Path, webhook: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let settings = [("webhook", webhook), ("token", "7:x"), ("username", "b")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = [("telegram".to_owned(), settings.into())].into();
    let options = Options::new(folder.to_owned(), base_url.clone(), &settings).unwrap();
    let router = Simulators::open(options).unwrap().router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    base_url
}

#[tokio::test]
async fn configured_webhook_follows_the_settings_until_the_app_sets_one() {
    let folder = TempDir::new().unwrap();
    let http = confab_provider_base::http_client().unwrap();
    let get = async |url: String| -> Value {
        let response = http.get(url).send().await.unwrap();
        response.json().await.unwrap()
    };
    for webhook in ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"] {
        let base_url = start_configured(folder.path(), webhook).await;
        let shown = get(format!("{base_url}/api/telegram/webhook")).await;
        assert_eq!(shown["url"], webhook);
    }
    let base_url = start_configured(folder.path(), "http://127.0.0.1:1/c").await;
    let own = "http://127.0.0.1:1/own";
    let set = get(format!("{base_url}/telegram/bot7:x/setWebhook?url={own}")).await;
    assert_eq!(set["description"], "Webhook was set");
    let base_url = start_configured(folder.path(), "http://127.0.0.1:1/d").await;
    let shown = get(format!("{base_url}/api/telegram/webhook")).await;
    assert_eq!(shown["url"], own);
}

#[tokio::test]
async fn second_set_webhook_within_a_second_is_refused() {
    let bot = Bot::start().await;
    let (_, answer) = bot.connect(json!({})).await;
    assert_eq!(answer["description"], "Webhook was set");
    // On a slow machine two calls may be more than a second apart.
    let is_refused = async || {
        let (status, answer) = bot.connect(json!({})).await;
        status == 429 && answer["parameters"]["retry_after"] == 1
    };
    bot.fixture.until(is_refused).await;
    bot.advance_seconds(2);
    let (_, answer) = bot.connect(json!({})).await;
    assert_eq!(answer["description"], "Webhook is already set");
    bot.advance_seconds(2);
    let (status, answer) = bot.connect(json!({"secret_token": "a b"})).await;
    let reason = "Bad Request: secret token contains unallowed characters";
    assert_eq!((status, &answer["description"]), (400, &json!(reason)));
}

#[tokio::test]
async fn updates_carry_the_secret_and_arrive_in_order() {
    let bot = Bot::start().await;
    bot.connect(json!({"secret_token": "s3cret"})).await;
    let dana = bot.person("Dana").await;
    for n in 0..5 {
        bot.say(dana, dana, &format!("text {n}")).await;
    }
    bot.wait_until_delivered().await;
    let texts = ["/start", "text 0", "text 1", "text 2", "text 3", "text 4"];
    assert_eq!(bot.app.texts(), texts);
    let secrets = bot.app.secrets.lock().unwrap().clone();
    assert!(
        secrets
            .iter()
            .all(|secret| secret.as_deref() == Some("s3cret"))
    );
    let updates = bot.app.updates();
    assert_eq!(updates[0]["message"]["entities"][0]["type"], "bot_command");
    assert_eq!(updates[0]["message"]["from"]["language_code"], "he");
}

#[tokio::test]
async fn refused_update_is_retried_at_once_and_then_by_the_clock() {
    let bot = Bot::connected().await;
    bot.app.reply([Reply::Status(500), Reply::Status(500)]);
    let dana = bot.person("Dana").await;
    bot.wait_for_updates(2).await;
    let message = json!("Wrong response from the webhook: 500 Internal Server Error");
    bot.fixture
        .until(async || bot.get("webhook").await["last_error_message"] == message)
        .await;
    bot.say(dana, dana, "later").await;
    bot.advance_seconds(2);
    bot.wait_until_delivered().await;
    assert_eq!(bot.app.texts(), ["/start", "/start", "/start", "later"]);
}

#[tokio::test]
async fn retry_after_of_the_app_is_obeyed() {
    let bot = Bot::connected().await;
    bot.app.reply([Reply::RetryAfter(600)]);
    bot.person("Dana").await;
    bot.wait_for_updates(1).await;
    let failed = async || bot.get("webhook").await["last_error_date"].is_i64();
    bot.fixture.until(failed).await;
    bot.advance_seconds(500);
    assert_eq!(bot.get("pending").await["updates"], 1);
    assert_eq!(bot.app.updates().len(), 1);
    bot.advance_seconds(200);
    bot.wait_until_delivered().await;
    assert_eq!(bot.app.updates().len(), 2);
}

#[tokio::test]
async fn answer_that_takes_a_minute_counts_as_none() {
    let bot = Bot::connected().await;
    bot.app.reply([Reply::Hold]);
    bot.person("Dana").await;
    bot.wait_for_updates(1).await;
    bot.advance_seconds(61);
    bot.wait_until_delivered().await;
    assert_eq!(bot.app.updates().len(), 2);
    let webhook = bot.get("webhook").await;
    assert_eq!(webhook["last_error_message"], "Read timeout expired");
}

#[tokio::test]
async fn tap_overtakes_a_message_that_is_not_accepted_and_expires_earlier() {
    let bot = Bot::connected().await;
    let dana = bot.person("Dana").await;
    bot.wait_until_delivered().await;
    let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]});
    let params = json!({"chat_id": dana, "text": "?", "reply_markup": keyboard});
    let sent = bot.ok("sendMessage", params).await;
    bot.app.reply([Reply::RetryAfter(3_600)]);
    bot.say(dana, dana, "slow").await;
    bot.wait_for_updates(2).await;
    let path = format!("chats/{dana}/messages/{}/tap", sent["message_id"]);
    bot.control("POST", &path, json!({"from": dana})).await;
    bot.wait_for_updates(3).await;
    assert_eq!(bot.app.updates()[2]["callback_query"]["data"], "go");
    bot.fixture
        .until(async || bot.get("pending").await["updates"] == 1)
        .await;
    bot.app.reply([Reply::RetryAfter(149)]);
    bot.control("POST", &path, json!({"from": dana})).await;
    bot.wait_for_updates(4).await;
    bot.advance_seconds(151);
    bot.fixture
        .until(async || bot.get("pending").await["updates"] == 1)
        .await;
    assert_eq!(bot.app.updates().len(), 4);
}

#[tokio::test]
async fn message_that_is_not_accepted_expires_after_a_day() {
    let bot = Bot::start().await;
    bot.person("Dana").await;
    bot.advance_seconds(24 * 3_600 + 1);
    bot.connect(json!({})).await;
    bot.wait_until_delivered().await;
    assert_eq!(bot.app.updates(), Vec::<Value>::new());
}

#[tokio::test]
async fn tap_on_a_deleted_message_has_an_inaccessible_message() {
    let bot = Bot::connected().await;
    let dana = bot.person("Dana").await;
    let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]});
    let params = json!({"chat_id": dana, "text": "?", "reply_markup": keyboard});
    let sent = bot.ok("sendMessage", params).await;
    let id = &sent["message_id"];
    let message = json!({"chat_id": dana, "message_id": id});
    bot.ok("deleteMessage", message).await;
    let path = format!("chats/{dana}/messages/{id}/tap");
    let tap = bot.control("POST", &path, json!({"from": dana})).await;
    bot.wait_until_delivered().await;
    let updates = bot.app.updates();
    let query = updates
        .iter()
        .find(|update| update.get("callback_query").is_some());
    let query = &query.unwrap()["callback_query"];
    assert_eq!(query["message"]["date"], 0);
    assert_eq!(query["message"].get("text"), None);
    let answer = json!({"callback_query_id": query["id"], "text": "Old", "show_alert": true});
    bot.ok("answerCallbackQuery", answer.clone()).await;
    let path = format!("callbacks/{}", tap["id"].as_str().unwrap());
    let shown = json!({"text": "Old", "show_alert": true});
    assert_eq!(bot.get(&path).await["answer"], shown);
    bot.advance_seconds(151);
    let (status, description) = bot.refused("answerCallbackQuery", answer).await;
    assert_eq!(status, 400);
    assert!(description.starts_with("Bad Request: query is too old"));
}

#[tokio::test]
async fn unanswered_tap_is_a_violation() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let sent = bot
        .ok("sendMessage", json!({"chat_id": dana, "text": "?"}))
        .await;
    let path = format!("chats/{dana}/messages/{}/tap", sent["message_id"]);
    bot.control("POST", &path, json!({"from": dana, "data": "made up"}))
        .await;
    assert_eq!(bot.get("violations").await, json!([]));
    bot.advance_seconds(16);
    assert_eq!(
        bot.get("violations").await[0]["kind"],
        "callback_not_answered"
    );
}

#[tokio::test]
async fn method_in_an_answer_is_carried_out_and_recorded() {
    let bot = Bot::connected().await;
    let dana = bot.stranger("Dana").await;
    let call = json!({"method": "sendMessage", "chat_id": dana, "text": "by the way"});
    bot.app.reply([Reply::Json(call)]);
    bot.say(dana, dana, "hi").await;
    let carried_out = async || bot.messages(dana).await.len() == 2;
    bot.fixture.until(carried_out).await;
    assert_eq!(bot.messages(dana).await[1]["text"], "by the way");
    let violations = bot.get("violations").await;
    assert_eq!(violations[0]["kind"], "method_in_webhook_response");
    assert_eq!(violations[0]["about"]["method"], "sendMessage");
}

#[tokio::test]
async fn webhook_that_is_gone_for_a_day_is_removed() {
    let bot = Bot::connected().await;
    bot.app.reply([Reply::Status(410), Reply::Status(410)]);
    bot.person("Dana").await;
    bot.wait_for_updates(2).await;
    assert_ne!(bot.get("webhook").await["url"], "");
    bot.advance_seconds(23 * 3_600 + 60);
    bot.app.reply([Reply::Status(410)]);
    let removed = async || bot.get("webhook").await["url"] == "";
    bot.fixture.until(removed).await;
}

#[tokio::test]
async fn updates_that_the_app_has_not_asked_for_are_not_sent() {
    let bot = Bot::start().await;
    bot.connect(json!({"allowed_updates": ["my_chat_member"]}))
        .await;
    let dana = bot.person("Dana").await;
    bot.set_bot(dana, dana, "kicked").await;
    bot.set_bot(dana, dana, "kicked").await;
    bot.set_bot(dana, dana, "member").await;
    let raw = json!({"kind": "chat_boost", "body": {"chat": {"id": dana}}});
    bot.control("POST", "updates", raw).await;
    bot.wait_until_delivered().await;
    let mut updates = bot.app.updates();
    updates.sort_by_key(|update| update["update_id"].as_i64());
    assert_eq!(updates.len(), 3);
    let status = |update: &Value| update["my_chat_member"]["new_chat_member"]["status"].clone();
    assert_eq!(status(&updates[0]), "kicked");
    assert_eq!(status(&updates[1]), "member");
    assert_eq!(updates[2]["chat_boost"]["chat"]["id"], dana);
}

#[tokio::test]
async fn owed_updates_go_out_after_a_kill() {
    let bot = Bot::connected().await;
    bot.app.reply([Reply::RetryAfter(60)]);
    let dana = bot.person("Dana").await;
    bot.say(dana, dana, "two").await;
    bot.wait_for_updates(1).await;
    let failed = async || bot.get("webhook").await["last_error_date"].is_i64();
    bot.fixture.until(failed).await;
    let bot = bot.restart_after_kill().await;
    assert_eq!(bot.get("pending").await["updates"], 2);
    bot.advance_seconds(61);
    bot.wait_until_delivered().await;
    assert_eq!(bot.app.texts(), ["/start", "/start", "two"]);
    let updates = bot.app.updates();
    assert_eq!(updates[0]["update_id"], updates[1]["update_id"]);
}

#[tokio::test]
async fn bot_sees_commands_replies_and_mentions_in_groups() {
    let bot = Bot::connected().await;
    let dana = bot.person("Dana").await;
    let new = json!({"title": "Team", "members": [dana]});
    let group = bot.control("POST", "groups", new).await["id"]
        .as_i64()
        .unwrap();
    for text in [
        "chatter",
        "/go@Slides_Bot x",
        "/go@other_bot",
        "hey @slides_bot!",
    ] {
        bot.say(group, dana, text).await;
    }
    let sent = bot
        .ok("sendMessage", json!({"chat_id": group, "text": "?"}))
        .await;
    let reply = json!({"from": dana, "text": "yes", "reply_to": sent["message_id"]});
    let path = format!("chats/{group}/messages");
    bot.control("POST", &path, reply).await;
    bot.wait_until_delivered().await;
    let in_group = |update: &Value| update["message"]["chat"]["id"] == group;
    let updates = bot.app.updates();
    let texts: Vec<&str> = updates
        .iter()
        .filter(|update| in_group(update))
        .filter_map(|update| update["message"]["text"].as_str())
        .collect();
    assert_eq!(texts, ["/go@Slides_Bot x", "hey @slides_bot!", "yes"]);
}
