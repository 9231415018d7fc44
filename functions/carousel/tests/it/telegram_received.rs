//! `telegram-received`: updates are verified, queued once, and answered with an empty body.

use confab_testkit::TestRequest;
use serde_json::json;

use crate::world::{BOT_ID, CONVERSATION_QUEUE, WEBHOOK_SECRET, World};

fn webhook(body: serde_json::Value) -> TestRequest {
    TestRequest::post("/telegram", body).header("x-telegram-bot-api-secret-token", WEBHOOK_SECRET)
}

#[tokio::test]
async fn updates_are_queued_under_their_id_in_the_group_of_their_chat() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let update = world.write(&dana, "/carousel small habits").await;
    let answer = world.receive(&update).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    let queued = world.cloud.queued(CONVERSATION_QUEUE);
    assert_eq!(queued.len(), 1);
    let id = format!("tg{BOT_ID}-{}", update["update_id"]);
    assert_eq!(queued[0]["id"], id);
    assert_eq!(queued[0]["chat"], format!("tg:{}", dana.id));
    let content = &queued[0]["trigger"]["update"]["content"];
    assert_eq!(
        *content,
        json!({ "kind": "text", "text": "/carousel small habits" })
    );
}

#[tokio::test]
async fn copies_of_an_update_are_queued_once() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let update = world.write(&dana, "/carousel small habits").await;
    for _ in 0..3 {
        assert_eq!(world.receive(&update).await.status, 200);
    }
    assert_eq!(world.cloud.queued(CONVERSATION_QUEUE).len(), 1);
}

#[tokio::test]
async fn requests_without_the_secret_are_rejected() {
    let world = World::open().await;
    let dana = world.person("en").await;
    let update = world.write(&dana, "/carousel small habits").await;
    let without = TestRequest::post("/telegram", update.clone());
    assert_eq!(world.receive_request(&without).await.status, 401);
    let wrong = without.header("x-telegram-bot-api-secret-token", "webhook-secret2");
    assert_eq!(world.receive_request(&wrong).await.status, 401);
    assert!(world.cloud.queued(CONVERSATION_QUEUE).is_empty());
}

#[tokio::test]
async fn updates_that_nothing_follows_from_are_accepted() {
    let world = World::open().await;
    let chat = json!({ "id": 5, "type": "private" });
    let from = json!({ "id": 5, "is_bot": false, "first_name": "Dana" });
    let channel = json!({ "id": -100, "type": "channel", "title": "News" });
    for update in [
        json!({ "update_id": 1, "chat_boost": {} }),
        json!({ "update_id": 2, "edited_message":
            { "message_id": 1, "from": from, "chat": chat, "date": 1, "text": "x" } }),
        json!({ "update_id": 3, "message":
            { "message_id": 1, "from": { "id": 6, "is_bot": true, "first_name": "B" }, "chat": chat,
            "date": 1, "text": "x" } }),
        json!({ "update_id": 4, "message":
            { "message_id": 1, "from": from, "chat": channel, "date": 1, "text": "x" } }),
        json!({ "update_id": "x" }),
        json!([]),
    ] {
        let answer = world.receive_request(&webhook(update.clone())).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{update}");
    }
    let broken = webhook(json!({})).bytes(b"{\"update_id\":9000".to_vec());
    assert_eq!(world.receive_request(&broken).await.status, 200);
    let large = webhook(json!({})).bytes(vec![b' '; 1024 * 1024 + 1]);
    assert_eq!(world.receive_request(&large).await.status, 413);
    assert!(world.cloud.queued(CONVERSATION_QUEUE).is_empty());
}

#[tokio::test]
async fn each_kind_of_update_is_queued_in_its_own_form() {
    let world = World::open().await;
    let chat = json!({ "id": -1_001_000_000_007_i64, "type": "supergroup", "title": "Club" });
    let from = json!({ "id": 4_503_599_627_370_494_i64, "is_bot": false, "first_name": "Dana" });
    let bot = json!({ "id": BOT_ID, "is_bot": true, "first_name": "Carousel" });
    for (update, content) in [
        (
            json!({ "update_id": 1, "message": { "message_id": 2_147_483_648_i64, "from": from,
                "chat": chat, "date": 1, "caption": "logo",
                "photo": [{ "file_id": "AgAC-x", "file_unique_id": "AQ", "width": 8, "height": 8 }] } }),
            json!({ "kind": "photo", "file_id": "AgAC-x", "caption": "logo" }),
        ),
        (
            json!({ "update_id": 2, "callback_query": { "id": "77", "from": from, "data": "c1:x",
                "message": { "message_id": 2, "chat": chat, "date": 0 }, "chat_instance": "-1" } }),
            json!({ "kind": "tap", "callback": "77", "data": "c1:x" }),
        ),
        (
            json!({ "update_id": 3, "my_chat_member": { "chat": chat, "from": from, "date": 1,
                "old_chat_member": { "user": bot, "status": "member" },
                "new_chat_member": { "user": bot, "status": "kicked", "until_date": 0 } } }),
            json!({ "kind": "membership", "can_write": false }),
        ),
        (
            json!({ "update_id": 4, "message": { "message_id": 3, "from": from, "chat": chat, "date": 1,
                "migrate_to_chat_id": -1_002_i64 } }),
            json!({ "kind": "migrated", "to": -1_002 }),
        ),
        (
            json!({ "update_id": 5, "message": { "message_id": 3, "from": from, "chat": chat, "date": 1,
                "sticker": {} } }),
            json!({ "kind": "other" }),
        ),
    ] {
        let answer = world.receive_request(&webhook(update.clone())).await;
        assert_eq!(answer.status, 200, "{update}");
        let queued = world.cloud.queued(CONVERSATION_QUEUE).pop().unwrap();
        assert_eq!(queued["trigger"]["update"]["content"], content);
        assert_eq!(queued["trigger"]["update"]["is_group"], true);
    }
}
