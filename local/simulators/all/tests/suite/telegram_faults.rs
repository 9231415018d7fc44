//! Injected faults, faults by chance, and the flood limits.

use serde_json::{Value, json};

use crate::{fixture::TELEGRAM_TOKEN, telegram_bot::Bot};

async fn set_faults(bot: &Bot, faults: Value) {
    bot.control("PUT", "faults", json!({"calls": faults})).await;
}

fn text(chat: i64) -> Value {
    json!({"chat_id": chat, "text": "hi"})
}

#[tokio::test]
async fn refusal_with_retry_after_has_the_header_too() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    set_faults(&bot, json!([{"retry_after": 7}])).await;
    let url = format!(
        "{}/telegram/bot{TELEGRAM_TOKEN}/sendMessage",
        bot.fixture.base_url
    );
    let response = bot
        .fixture
        .http
        .post(url)
        .json(&text(dana))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["description"], "Too Many Requests: retry after 7");
    assert_eq!(body["parameters"]["retry_after"], 7);
    bot.ok("sendMessage", text(dana)).await;
}

#[tokio::test]
async fn half_an_album_leaves_its_first_photos_in_the_chat() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    set_faults(&bot, json!([{"album_items": 3, "retry_after": 9}])).await;
    bot.ok("sendMessage", text(dana)).await;
    let (status, answer) = bot.album(dana, 5).await;
    assert_eq!(status, 400);
    let description = "Bad Request: failed to send message #4 with the error message \
        \"Too Many Requests: retry after 9\"";
    assert_eq!(answer["description"], description);
    let messages = bot.messages(dana).await;
    let photos = messages
        .iter()
        .filter(|message| message.get("photo").is_some());
    assert_eq!(photos.count(), 3);
}

#[tokio::test]
async fn lost_answer_keeps_the_message_and_a_lost_call_does_not() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    set_faults(&bot, json!([{"drop_before": true}, {"drop_after": true}])).await;
    let url = format!(
        "{}/telegram/bot{TELEGRAM_TOKEN}/sendMessage",
        bot.fixture.base_url
    );
    for messages in [1, 2] {
        let lost = async {
            let response = bot.fixture.http.post(&url).json(&text(dana)).send().await?;
            response.bytes().await
        };
        assert!(lost.await.is_err());
        assert_eq!(bot.messages(dana).await.len(), messages);
    }
    let calls = bot.get("calls").await;
    assert_eq!(
        (&calls[0]["code"], &calls[0]["answered"]),
        (&json!(200), &json!(false))
    );
}

#[tokio::test]
async fn chance_refuses_the_same_calls_for_one_seed() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let run = async || {
        let settings = json!({"seed": 7, "too_many_percent": 40, "flood": false});
        bot.control("PUT", "settings", settings).await;
        let mut codes = Vec::new();
        for _ in 0..20 {
            codes.push(bot.call("sendMessage", text(dana)).await.0);
        }
        codes
    };
    let codes = run().await;
    assert_eq!(run().await, codes);
    assert!(codes.contains(&200) && codes.contains(&429));
}

#[tokio::test]
async fn flood_of_one_chat_does_not_slow_another() {
    let bot = Bot::start().await;
    let (dana, avi) = (bot.person("Dana").await, bot.person("Avi").await);
    bot.control("PUT", "settings", json!({"chat_burst": 2}))
        .await;
    bot.album(dana, 10).await;
    let (status, answer) = bot.call("sendMessage", text(dana)).await;
    assert_eq!(status, 429, "{answer}");
    let wait = answer["parameters"]["retry_after"].as_u64().unwrap();
    bot.ok("sendMessage", text(avi)).await;
    bot.advance_seconds(wait);
    bot.ok("sendMessage", text(dana)).await;
}

#[tokio::test]
async fn copies_carry_the_update_id_of_their_original() {
    let bot = Bot::connected().await;
    let settings = json!({"copy_percent": 100, "shuffle_ms": 50, "seed": 3});
    bot.control("PUT", "settings", settings).await;
    let dana = bot.person("Dana").await;
    for n in 0..4 {
        bot.say(dana, dana, &n.to_string()).await;
    }
    bot.advance_seconds(1);
    bot.wait_until_delivered().await;
    let mut ids: Vec<i64> = bot
        .app
        .updates()
        .iter()
        .filter_map(|update| update["update_id"].as_i64())
        .collect();
    assert_eq!(ids.len(), 10);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn settings_out_of_range_are_refused() {
    let bot = Bot::start().await;
    for (path, body) in [
        ("settings", json!({"lost_percent": 101})),
        ("settings", json!({"unknown": 1})),
        ("faults", json!({"calls": [{"http": 200}]})),
    ] {
        let path = format!("/api/telegram/{path}");
        let (status, answer) = bot.fixture.ask("PUT", &path, &body).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("invalid")),
            "{body}"
        );
    }
}
