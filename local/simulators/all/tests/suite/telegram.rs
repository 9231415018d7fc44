//! The Bot API: methods, limits, error descriptions, and what people see of them.

use base64::{Engine, engine::general_purpose::STANDARD};
use image::ImageFormat;
use serde_json::{Value, json};

use crate::{
    fixture::TELEGRAM_TOKEN,
    telegram_bot::{Bot, png},
};

fn bad(what: &str) -> (u16, String) {
    (400, format!("Bad Request: {what}"))
}

#[tokio::test]
async fn methods_are_found_in_any_case_and_encoding() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let base = format!("/telegram/bot{TELEGRAM_TOKEN}");
    let query = format!("{base}/GETME");
    let (status, me) = bot.fixture.ask("GET", &query, &Value::Null).await;
    assert_eq!(
        (status, &me["result"]["id"]),
        (200, &json!(7_000_000_001_i64))
    );
    let query = format!("{base}/sendmessage?chat_id={dana}&text=one");
    bot.fixture.ask("GET", &query, &Value::Null).await;
    let url = format!("{}{base}/sendMessage", bot.fixture.base_url);
    let form = [("chat_id", dana.to_string()), ("text", "two".into())];
    let response = bot.fixture.http.post(url).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let params = json!({"chat_id": dana.to_string(), "text": "three"});
    bot.upload("sendMessage", params, &[]).await;
    let messages = bot.messages(dana).await;
    let texts: Vec<&str> = messages[1..]
        .iter()
        .filter_map(|m| m["text"].as_str())
        .collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[tokio::test]
async fn unknown_tokens_and_methods_are_refused() {
    let bot = Bot::start().await;
    let other = "/telegram/bot7000000001:other/getMe";
    let (status, body) = bot.fixture.ask("POST", other, &json!({})).await;
    assert_eq!(
        (status, &body["description"]),
        (401, &json!("Unauthorized"))
    );
    let refusal = bot.refused("getEverything", json!({})).await;
    assert_eq!(refusal, (404, "Not Found: method not found".into()));
}

#[tokio::test]
async fn texts_are_measured_after_their_markup() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let text = |text: String| json!({"chat_id": dana, "text": text, "parse_mode": "HTML"});
    let longest = format!("<b>{}</b>", "a".repeat(4_096));
    let sent = bot.ok("sendMessage", text(longest)).await;
    assert_eq!(sent["entities"][0]["length"], 4_096);
    let too_long = bot.refused("sendMessage", text("a".repeat(4_097))).await;
    assert_eq!(too_long, bad("message is too long"));
    let empty = bot.refused("sendMessage", text("<b> </b>".into())).await;
    assert_eq!(empty, bad("message text is empty"));
}

#[tokio::test]
async fn bot_writes_only_where_it_may() {
    let bot = Bot::start().await;
    let stranger = bot.stranger("Avi").await;
    let text = |chat: i64| json!({"chat_id": chat, "text": "hi"});
    let unknown = bad("chat not found");
    assert_eq!(bot.refused("sendMessage", text(stranger)).await, unknown);
    assert_eq!(bot.refused("sendMessage", text(1)).await, unknown);
    let dana = bot.person("Dana").await;
    bot.set_bot(dana, dana, "kicked").await;
    let blocked = (403, "Forbidden: bot was blocked by the user".to_owned());
    assert_eq!(bot.refused("sendMessage", text(dana)).await, blocked);
    bot.set_bot(dana, dana, "member").await;
    bot.ok("sendMessage", text(dana)).await;
    let path = format!("people/{dana}/deactivate");
    bot.control("POST", &path, json!({})).await;
    let gone = (403, "Forbidden: user is deactivated".to_owned());
    assert_eq!(bot.refused("sendMessage", text(dana)).await, gone);
}

#[tokio::test]
async fn migrated_group_names_its_supergroup() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let new = json!({"title": "Team", "members": [dana]});
    let group = bot.control("POST", "groups", new).await["id"]
        .as_i64()
        .unwrap();
    bot.ok("sendMessage", json!({"chat_id": group, "text": "hi"}))
        .await;
    let path = format!("groups/{group}/migrate");
    let new = bot.control("POST", &path, json!({})).await["id"].clone();
    let (status, answer) = bot
        .call("sendMessage", json!({"chat_id": group, "text": "hi"}))
        .await;
    assert_eq!(
        (status, &answer["parameters"]["migrate_to_chat_id"]),
        (400, &new)
    );
    bot.ok("sendMessage", json!({"chat_id": new, "text": "hi"}))
        .await;
    bot.set_bot(new.as_i64().unwrap(), dana, "kicked").await;
    let refusal = bot
        .refused("sendMessage", json!({"chat_id": new, "text": "hi"}))
        .await;
    assert_eq!(
        refusal.1,
        "Forbidden: bot was kicked from the supergroup chat"
    );
}

#[tokio::test]
async fn photos_become_jpegs_and_are_sent_again_by_id() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let files = [("photo", "a.png", png(1_080, 1_350))];
    let params = json!({"chat_id": dana, "caption": "hi"});
    let (status, sent) = bot.upload("sendPhoto", params, &files).await;
    assert_eq!(status, 200, "{sent}");
    let sizes = sent["result"]["photo"].as_array().unwrap();
    let heights: Vec<&Value> = sizes.iter().map(|size| &size["height"]).collect();
    assert_eq!(heights, [90, 320, 800, 1_280]);
    let id = sizes[3]["file_id"].clone();
    let path = bot.ok("getFile", json!({"file_id": id})).await["file_path"].clone();
    let path = path.as_str().unwrap();
    let url = format!(
        "{}/telegram/file/bot{TELEGRAM_TOKEN}/{path}",
        bot.fixture.base_url
    );
    let download = async || bot.fixture.http.get(&url).send().await.unwrap();
    let bytes = download().await.bytes().await.unwrap();
    assert_eq!(image::guess_format(&bytes).unwrap(), ImageFormat::Jpeg);
    bot.advance_seconds(3_700);
    assert_eq!(download().await.status(), 404);
    let again = bot
        .ok("sendPhoto", json!({"chat_id": dana, "photo": id}))
        .await;
    assert_eq!(again["photo"], sent["result"]["photo"]);
    let kind = bot
        .refused("sendDocument", json!({"chat_id": dana, "document": id}))
        .await;
    assert_eq!(kind, bad("can't use file of type Photo as Document"));
    let wrong = bot
        .refused("sendPhoto", json!({"chat_id": dana, "photo": "AgACx"}))
        .await;
    assert_eq!(wrong, bad("wrong file identifier/HTTP URL specified"));
    let calls = bot.get("calls").await;
    let reused: u64 = calls
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|call| call["reused_files"].as_u64())
        .sum();
    assert_eq!(reused, 1);
}

#[tokio::test]
async fn what_is_no_photo_is_refused_and_leaves_nothing() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let files = [("photo", "a.png", b"%PDF-1.7".to_vec())];
    let (status, answer) = bot
        .upload("sendPhoto", json!({"chat_id": dana}), &files)
        .await;
    assert_eq!(
        (status, &answer["description"]),
        (400, &json!("Bad Request: IMAGE_PROCESS_FAILED"))
    );
    assert_eq!(bot.messages(dana).await.len(), 1);
}

#[tokio::test]
async fn albums_have_two_to_ten_items_of_one_kind() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    for count in [0, 1, 11] {
        assert_eq!(bot.album(dana, count).await.0, 400, "{count}");
    }
    let (status, sent) = bot.album(dana, 10).await;
    assert_eq!(status, 200, "{sent}");
    let album = sent["result"].as_array().unwrap();
    assert_eq!(album.len(), 10);
    assert!(
        album
            .iter()
            .all(|item| item["media_group_id"] == album[0]["media_group_id"])
    );
    let media = json!([{"type": "photo", "media": "attach://a"}, {"type": "document", "media": "attach://b"}]);
    let files = [("a", "a.png", png(9, 9)), ("b", "b.pdf", b"%PDF".to_vec())];
    let params = json!({"chat_id": dana, "media": media});
    assert_eq!(bot.upload("sendMediaGroup", params, &files).await.0, 400);
    assert_eq!(bot.messages(dana).await.len(), 11);
}

#[tokio::test]
async fn photo_of_an_album_is_replaced_in_place() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let (_, sent) = bot.album(dana, 2).await;
    let second = &sent["result"][1];
    let edit = |kind: &str| {
        json!({"chat_id": dana, "message_id": second["message_id"],
            "media": {"type": kind, "media": "attach://new"}})
    };
    let files = [("new", "new.png", png(60, 50))];
    let (status, edited) = bot.upload("editMessageMedia", edit("photo"), &files).await;
    assert_eq!(status, 200, "{edited}");
    assert_eq!(edited["result"]["media_group_id"], second["media_group_id"]);
    assert_eq!(edited["result"]["photo"][0]["width"], 60);
    let (_, answer) = bot
        .upload("editMessageMedia", edit("document"), &files)
        .await;
    assert_eq!(
        answer["description"],
        "Bad Request: can't use the media of the specified type in the album"
    );
    assert_eq!(bot.messages(dana).await.len(), 3);
}

#[tokio::test]
async fn repeated_edit_is_told_that_nothing_changed() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let sent = bot
        .ok("sendMessage", json!({"chat_id": dana, "text": "1 of 3"}))
        .await;
    let edit = json!({"chat_id": dana, "message_id": sent["message_id"], "text": "2 of 3"});
    let edited = bot.ok("editMessageText", edit.clone()).await;
    assert!(edited["edit_date"].is_i64());
    let (status, description) = bot.refused("editMessageText", edit).await;
    assert_eq!(status, 400);
    assert!(description.starts_with("Bad Request: message is not modified"));
    let foreign = json!({"chat_id": dana, "message_id": 1, "text": "x"});
    assert_eq!(
        bot.refused("editMessageText", foreign).await,
        bad("message can't be edited")
    );
    let absent = json!({"chat_id": dana, "message_id": 99, "text": "x"});
    assert_eq!(
        bot.refused("editMessageText", absent).await,
        bad("message to edit not found")
    );
}

#[tokio::test]
async fn deleted_messages_disappear_and_absent_ones_are_skipped_in_a_list() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let sent = bot
        .ok("sendMessage", json!({"chat_id": dana, "text": "x"}))
        .await;
    let ids = json!({"chat_id": dana, "message_ids": [sent["message_id"], 99]});
    assert_eq!(bot.ok("deleteMessages", ids.clone()).await, true);
    assert_eq!(bot.ok("deleteMessages", ids).await, true);
    assert_eq!(bot.messages(dana).await.len(), 1);
    let one = json!({"chat_id": dana, "message_id": sent["message_id"]});
    assert_eq!(
        bot.refused("deleteMessage", one).await,
        bad("message to delete not found")
    );
}

#[tokio::test]
async fn chat_action_is_shown_for_five_seconds() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let action = json!({"chat_id": dana, "action": "upload_photo"});
    bot.ok("sendChatAction", action).await;
    assert_eq!(bot.get("chats").await[0]["sign"]["action"], "upload_photo");
    bot.advance_seconds(5);
    assert_eq!(bot.get("chats").await[0]["sign"], Value::Null);
}

#[tokio::test]
async fn commands_are_shown_in_the_language_of_the_person() {
    let bot = Bot::start().await;
    let commands = |text: &str| json!([{"command": "help", "description": text}]);
    bot.ok("setMyCommands", json!({"commands": commands("Help")}))
        .await;
    let hebrew = json!({"commands": commands("עזרה"), "language_code": "he"});
    bot.ok("setMyCommands", hebrew).await;
    assert_eq!(bot.get("commands?language_code=he").await, commands("עזרה"));
    assert_eq!(bot.get("commands?language_code=ru").await, commands("Help"));
    let bad_name = json!({"commands": [{"command": "Help", "description": "x"}]});
    assert_eq!(
        bot.refused("setMyCommands", bad_name).await,
        bad("BOT_COMMAND_INVALID")
    );
}

#[tokio::test]
async fn messages_files_and_calls_survive_a_kill() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let (_, sent) = bot.album(dana, 2).await;
    let id = sent["result"][0]["photo"][0]["file_id"].clone();
    let bot = bot.restart_after_kill().await;
    assert_eq!(bot.messages(dana).await.len(), 3);
    bot.ok("sendPhoto", json!({"chat_id": dana, "photo": id}))
        .await;
    let calls = bot.get("calls").await;
    assert_eq!(calls[0]["method"], "sendMediaGroup");
    bot.control("POST", "reset", json!({})).await;
    assert_eq!(bot.get("people").await, json!([]));
}

#[tokio::test]
async fn page_receives_messages_as_a_stream() {
    let bot = Bot::start().await;
    let url = format!("{}/api/telegram/stream", bot.fixture.base_url);
    let stream = bot.fixture.http.get(url).send().await.unwrap();
    let dana = bot.person("Dana").await;
    bot.ok(
        "sendMessage",
        json!({"chat_id": dana, "text": "over the stream"}),
    )
    .await;
    bot.fixture.stop().await;
    let events = stream.text().await.unwrap();
    assert!(events.contains("event: message"), "{events}");
    assert!(events.contains("over the stream"), "{events}");
}

#[tokio::test]
async fn photo_of_a_person_is_downloaded_by_the_bot() {
    let bot = Bot::start().await;
    let dana = bot.person("Dana").await;
    let path = format!("chats/{dana}/messages");
    let photo = STANDARD.encode(png(30, 20));
    let body = json!({"from": dana, "text": "logo", "photo": photo});
    let sent = bot.control("POST", &path, body).await;
    assert_eq!(sent["caption"], "logo");
    let file = bot
        .ok("getFile", json!({"file_id": sent["photo"][0]["file_id"]}))
        .await;
    assert!(file["file_path"].as_str().unwrap().ends_with(".jpg"));
    assert_eq!(
        bot.refused("getFile", json!({"file_id": "x"})).await,
        bad("invalid file_id")
    );
}
