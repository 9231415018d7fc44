//! `test-carousel`: the whole pipeline without Telegram.

use carousel::routes::test_carousel;
use confab_testkit::{TestRequest, TestResponse};
use serde_json::{Value, json};

use crate::world::{CONVERSATION_QUEUE, World};

async fn post(world: &World, body: Value) -> TestResponse {
    let request = TestRequest::post("/test-carousel", body);
    world
        .call("test-carousel", &test_carousel::routes(), request)
        .await
}

async fn open(setting: &str) -> World {
    let mut world = World::open().await;
    world.cloud.set_variable("TEST_CAROUSEL", setting);
    world
}

#[tokio::test]
async fn seeds_body_makes_a_carousel_that_no_chat_gets() {
    let world = open("on").await;
    let body = json!({ "topic": "small habits", "slidesCount": 5, "userId": "test-user" });
    let accepted = post(&world, body).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    world.run().await;
    let path = accepted.body["statusUrl"].as_str().unwrap().to_owned();
    let detail = world.operate(TestRequest::get(path)).await.body;
    assert_eq!(
        (&detail["state"], &detail["origin"]),
        (&json!("delivered"), &json!("test"))
    );
    assert_eq!(detail["pages"].as_array().unwrap().len(), 5);
    assert_eq!(detail["owner"], "test:test-user");
    let calls = world.telegram_calls().await.into_iter();
    let sent = calls.filter(|call| call["method"] != "getMe");
    assert_eq!(sent.collect::<Vec<_>>(), Vec::<Value>::new());
}

#[tokio::test]
async fn switched_off_it_refuses_everything() {
    let world = open("off").await;
    let refused = post(&world, json!({ "topic": "small habits" })).await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    assert_eq!(world.cloud.queued(CONVERSATION_QUEUE).len(), 0);
}

#[tokio::test]
async fn bad_bodies_are_refused() {
    let world = open("on").await;
    for (body, status) in [
        (json!({}), 400),
        (json!({ "topic": "" }), 422),
        (json!({ "topic": "a", "slidesCount": 16 }), 422),
        (json!({ "topic": "a", "userId": "" }), 422),
        (json!({ "topic": "a", "userId": "a/b" }), 422),
        (json!({ "topic": "a", "userId": "x".repeat(65) }), 422),
        (json!({ "topic": "a", "text": "b" }), 400),
    ] {
        assert_eq!(post(&world, body.clone()).await.status, status, "{body}");
    }
    assert_eq!(world.cloud.queued(CONVERSATION_QUEUE).len(), 0);
}

#[tokio::test]
async fn callers_share_one_limit() {
    let world = open("on").await;
    let body = |user: u32| json!({ "topic": "a", "userId": format!("u{user}") });
    for user in 0..20 {
        assert_eq!(post(&world, body(user)).await.status, 202);
    }
    let refused = post(&world, body(20)).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "60"));
    world.clock().advance(std::time::Duration::from_secs(60));
    assert_eq!(post(&world, body(20)).await.status, 202);
}
