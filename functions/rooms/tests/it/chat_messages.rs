//! `chat-messages`: reads, posts and deletes messages over REST, and reacts to them.

use std::time::Duration;

use confab_core::Result;
use confab_testkit::{Enumeration, Fault, Faults, Scenario, TestRequest, enumerate};
use serde_json::{Value, json};

use crate::{
    invariants,
    payments::{Order, pin},
    scenario::{Story, enumerate_requests},
    world::{User, World, text},
};

async fn page(world: &World, query: &str) -> Value {
    let request = TestRequest::get(format!("{}{query}", world.messages_path()));
    let page = world
        .messages_request(&request.token(&world.host.token))
        .await;
    assert_eq!(page.status, 200, "{page:?}");
    page.body
}

fn numbers(page: &Value) -> Vec<u64> {
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["seq"].as_u64().unwrap())
        .collect()
}

/// Posts messages with pauses, so that no limit is reached.
async fn fill(world: &World, count: usize) {
    for number in 1..=count {
        world.say(&world.host, &format!("message {number}")).await;
        world.advance(2);
    }
}

#[tokio::test]
async fn posted_messages_are_stored_and_broadcast() {
    let world = World::open().await;
    let posted = world.post(&world.host, "message-0001", "hello").await;
    assert_eq!((posted.status, &posted.body["seq"]), (201, &json!(1)));
    assert_eq!(posted.body["user_id"], json!(world.host.id));
    assert_eq!(world.history().await, ["hello"]);
    assert_eq!(world.broadcasts_of("hello"), 1);
    invariants::check(&world, "a message").await;
}

#[tokio::test]
async fn a_retry_with_the_same_client_id_returns_the_first_message() {
    let world = World::open().await;
    let first = world.post(&world.host, "message-0001", "hello").await;
    let again = world
        .post(&world.host, "message-0001", "hello, again")
        .await;
    assert_eq!((again.status, again.body), (200, first.body));
    assert_eq!(world.history().await, ["hello"]);
    let other = world.member("Noa").await;
    let theirs = world.post(&other, "message-0001", "mine").await;
    assert_eq!(
        (theirs.status, &theirs.body["seq"]),
        (201, &json!(2)),
        "ids are a user's own"
    );
    invariants::check(&world, "a repeated message").await;
}

/// All members post at once, and SQS and DynamoDB see their calls interleaved.
#[tokio::test]
async fn concurrent_messages_get_numbers_of_their_own() {
    let world = World::open().await;
    let mut users = vec![world.host.clone()];
    for name in ["Noa", "Omer", "Lior", "Maya"] {
        users.push(world.member(name).await);
    }
    let posts = users
        .iter()
        .map(|user| world.post(user, "message-0001", "hello"));
    let posted = futures::future::join_all(posts).await;
    let mut numbers: Vec<_> = posted
        .iter()
        .filter_map(|post| post.body["seq"].as_u64())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    invariants::check(&world, "messages at once").await;
}

#[tokio::test]
async fn posts_are_refused_with_a_reason_and_store_nothing() {
    let world = World::open().await;
    let (member, stranger) = (world.member("Noa").await, world.user().await);
    let banned = world.member("Omer").await;
    world.moderate(&banned, "ban").await;
    let path = world.messages_path();
    let body = |name: &str, value: Value| {
        let mut body = json!({ "client_msg_id": "message-0001", "text": "hello" });
        body[name] = value;
        body
    };
    let valid = || body("text", json!("hello"));
    let post = |body: Value| TestRequest::post(&path, body).token(&member.token);
    let nowhere = "/api/chats/0000000000/messages/";
    let cases = [
        (TestRequest::post(&path, valid()), 401, "unauthenticated"),
        (
            TestRequest::post(&path, valid()).token("forged.token"),
            401,
            "unauthenticated",
        ),
        (
            TestRequest::post(&path, valid()).token(&stranger.token),
            403,
            "not_a_member",
        ),
        (
            TestRequest::post(&path, valid()).token(&banned.token),
            404,
            "room_not_found",
        ),
        (
            TestRequest::post(nowhere, valid()).token(&member.token),
            404,
            "room_not_found",
        ),
        (post(body("colour", json!("red"))), 400, "bad_json"),
        (post(body("text", json!(5))), 400, "bad_json"),
        (post(body("text", json!(""))), 400, "too_long"),
        (post(body("text", json!(" \u{200b} "))), 400, "too_long"),
        (
            post(body("text", json!("x".repeat(2_001)))),
            400,
            "too_long",
        ),
        (
            post(body("text", json!("x".repeat(64 * 1024)))),
            413,
            "too_large",
        ),
        (
            post(body("client_msg_id", json!("short"))),
            400,
            "bad_client_msg_id",
        ),
        (
            post(body("client_msg_id", json!("x".repeat(65)))),
            400,
            "bad_client_msg_id",
        ),
        (post(body("reply_to", json!(7))), 404, "message_not_found"),
        (post(body("reply_to", json!(-1))), 400, "bad_json"),
    ];
    world.assert_refused("chat-messages", cases).await;
    let cut = world
        .messages_request(&post(json!(null)).bytes("{\"text"))
        .await;
    assert_eq!((cut.status, cut.code()), (400, "bad_json"));
}

#[tokio::test]
async fn only_the_host_posts_in_a_read_only_room() {
    let world = World::open().await;
    let member = world.member("Noa").await;
    world
        .change(world.room, &world.host, json!({ "is_read_only": true }))
        .await;
    let refused = world.post(&member, "message-0001", "hello").await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (403, &json!("read_only"))
    );
    world.say(&world.host, "news").await;
    assert_eq!(world.history().await, ["news"]);
}

/// Three users take turns, so that none of them is the author of most of the latest messages.
#[tokio::test]
async fn users_who_take_turns_cannot_push_the_history_out() {
    let world = World::open().await;
    let users = [
        world.host.clone(),
        world.member("Noa").await,
        world.member("Omer").await,
    ];
    let (mut accepted, mut refused) = (0, 0);
    for number in 0..66_usize {
        let id = format!("message-{number:04}");
        let posted = world.post(&users[number % 3], &id, "flood").await;
        match posted.status {
            201 => accepted += 1,
            429 => {
                assert_eq!(posted.body["code"], "too_fast");
                refused += 1;
            }
            _ => panic!("{posted:?}"),
        }
    }
    assert_eq!(
        (accepted, refused),
        (60, 6),
        "each may post twenty messages at once"
    );
}

#[tokio::test]
async fn an_address_posts_three_hundred_messages_at_once() {
    let world = World::open().await;
    let key = format!("message#{}#192.0.2.7", world.room);
    world
        .fill_limit(&key, 299, Duration::from_millis(100))
        .await;
    assert_eq!(
        world.post(&world.host, "message-0001", "one").await.status,
        201
    );
    let refused = world.post(&world.host, "message-0002", "two").await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (429, &json!("too_fast"))
    );
}

#[tokio::test]
async fn an_author_posts_eight_messages_in_a_row() {
    let world = World::open().await;
    for number in 1..=8 {
        world.say(&world.host, &format!("message {number}")).await;
    }
    let refused = world.post(&world.host, "message-0009", "nine").await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (429, &json!("too_fast"))
    );
    world.advance(6);
    assert_eq!(
        world.post(&world.host, "message-0009", "nine").await.status,
        201
    );
}

#[tokio::test]
async fn pages_are_read_in_order_before_and_after_a_number() {
    let world = World::open().await;
    fill(&world, 6).await;
    let latest = page(&world, "").await;
    assert_eq!(numbers(&latest), [1, 2, 3, 4, 5, 6]);
    assert_eq!(
        (&latest["last_seq"], &latest["first_seq"]),
        (&json!(6), &json!(1))
    );
    assert_eq!(numbers(&page(&world, "?limit=2").await), [5, 6]);
    assert_eq!(numbers(&page(&world, "?before=3").await), [1, 2]);
    assert_eq!(numbers(&page(&world, "?before=3&limit=1").await), [2]);
    assert_eq!(numbers(&page(&world, "?after=3&limit=2").await), [4, 5]);
    assert_eq!(numbers(&page(&world, "?after=99").await), Vec::<u64>::new());
    assert_eq!(numbers(&page(&world, "?limit=0").await).len(), 1);
    let huge = format!("?limit={}", u64::MAX);
    assert_eq!(numbers(&page(&world, &huge).await).len(), 6);
}

#[tokio::test]
async fn reads_are_refused_with_a_reason() {
    let world = World::open().await;
    world.say(&world.host, "hello").await;
    let (banned, stranger) = (world.member("Noa").await, world.user().await);
    world.moderate(&banned, "ban").await;
    let get = |query: &str| TestRequest::get(format!("{}{query}", world.messages_path()));
    let anonymous = world.messages_request(&get("")).await;
    assert_eq!(anonymous.status, 200, "all may read a public room");
    let cases = [
        (get("?before=2&after=1"), 400, "bad_page"),
        (get("?before=x"), 400, "bad_page"),
        (get("?limit=-1"), 400, "bad_page"),
        (get("").token("forged.token"), 401, "unauthenticated"),
        (get("").token(&banned.token), 404, "room_not_found"),
        (
            TestRequest::get("/api/chats/0000000000/messages/"),
            404,
            "room_not_found",
        ),
    ];
    world.assert_refused("chat-messages", cases).await;
    world
        .change(world.room, &world.host, json!({ "is_public": false }))
        .await;
    let cases = [
        (get(""), 404, "room_not_found"),
        (
            get("?after=0").token(&stranger.token),
            404,
            "room_not_found",
        ),
    ];
    world.assert_refused("chat-messages", cases).await;
}

#[tokio::test]
async fn messages_expire_and_their_numbers_are_not_used_again() {
    let world = World::open().await;
    world.say(&world.host, "one").await;
    world.advance(31 * 24 * 3600);
    // The session has expired with the message.
    let host = world.host.clone();
    let request = TestRequest::get(world.messages_path());
    let read = world.messages_request(&request).await;
    assert_eq!((read.status, &read.body["messages"]), (200, &json!([])));
    assert_eq!(
        read.body["last_seq"], 101,
        "the numbers that are reserved stay used"
    );
    assert!(world.message_row(1).await["expires_at"].as_i64() <= Some(world.now().as_second()));
    drop(host);
}

#[tokio::test]
async fn the_first_message_is_kept_after_more_than_a_thousand_others() {
    let world = World::open().await;
    world.say(&world.host, "the first message").await;
    let pk = format!("ROOM#{}", world.room);
    let mut late = world.message_row(1).await;
    let kept_for = late["expires_at"].as_i64().unwrap() - world.now().as_second();
    assert_eq!(kept_for, 30 * 24 * 3_600);
    late["seq"] = json!(1_200);
    world.put_row(&pk, "MSG#000000001200", late).await;
    let latest = page(&world, "").await;
    assert_eq!(latest["messages"][0]["text"], "the first message");
    assert_eq!(latest["first_seq"], 1);
}

#[tokio::test]
async fn messages_older_than_twenty_thousand_others_are_not_shown() {
    let world = World::open().await;
    world.say(&world.host, "the first message").await;
    let pk = format!("ROOM#{}", world.room);
    let mut late = world.message_row(1).await;
    late["seq"] = json!(20_001);
    world.put_row(&pk, "MSG#000000020001", late).await;
    let latest = page(&world, "").await;
    assert_eq!(
        (numbers(&latest), &latest["first_seq"]),
        (vec![20_001], &json!(2))
    );
}

/// Otherwise the highest number would be forgotten, and given out again.
#[tokio::test]
async fn the_newest_message_does_not_expire_first_after_the_ttl_is_shortened() {
    let world = World::with_variable("MESSAGE_TTL_DAYS", "1").await;
    world.say(&world.host, "kept for thirty days").await;
    let pk = format!("ROOM#{}", world.room);
    let mut first = world.message_row(1).await;
    let month = world.now().as_second() + 30 * 24 * 3_600;
    first["expires_at"] = json!(month);
    world.put_row(&pk, "MSG#000000000001", first).await;
    world.say(&world.host, "kept as long").await;
    assert_eq!(world.message_row(2).await["expires_at"], month);
}

#[tokio::test]
async fn only_the_author_and_the_host_delete_a_message() {
    let world = World::open().await;
    let (author, other) = (world.member("Noa").await, world.member("Omer").await);
    let stranger = world.user().await;
    let (first, second) = (
        world.say(&author, "mine").await,
        world.say(&author, "mine again").await,
    );
    let anonymous = TestRequest::delete(format!("{}1/", world.messages_path()));
    let cases = [
        (world.deletion(&other, first), 403, "forbidden"),
        (world.deletion(&stranger, first), 403, "forbidden"),
        (anonymous, 401, "unauthenticated"),
        (world.deletion(&author, 3), 404, "message_not_found"),
        (
            TestRequest::delete(format!("{}one/", world.messages_path())).token(&author.token),
            404,
            "message_not_found",
        ),
    ];
    world.assert_refused("chat-messages", cases).await;
    for deletion in [
        world.deletion(&author, first),
        world.deletion(&world.host, second),
    ] {
        assert_eq!(world.messages_request(&deletion).await.status, 204);
        assert_eq!(
            world.messages_request(&deletion).await.status,
            204,
            "deletions are idempotent"
        );
    }
    assert_eq!(world.history().await, ["", ""]);
    invariants::check(&world, "deleted messages").await;
}

#[tokio::test]
async fn users_delete_ten_messages_at_once() {
    let world = World::open().await;
    let seq = world.say(&world.host, "hello").await;
    let key = format!("delete#{}", world.host.id);
    world.fill_limit(&key, 9, Duration::from_secs(3)).await;
    let deletion = world.deletion(&world.host, seq);
    let statuses = [
        world.messages_request(&deletion).await.status,
        world.messages_request(&deletion).await.status,
    ];
    assert_eq!(statuses, [204, 429]);
}

#[tokio::test]
async fn replies_quote_a_message_until_it_is_deleted() {
    let world = World::open().await;
    let member = world.member("Noa").await;
    let quoted = world.say(&world.host, "look here").await;
    let reply = world.reply(&member, "yes", Some(quoted)).await;
    assert_eq!(
        world.message_row(reply).await["reply_to"]["text"],
        "look here"
    );
    assert_eq!(
        world
            .messages_request(&world.deletion(&world.host, quoted))
            .await
            .status,
        204
    );
    assert_eq!(world.message_row(reply).await["reply_to"]["text"], "");
    let late = json!({ "client_msg_id": "message-0009", "text": "late", "reply_to": quoted });
    let refused = world.post_body(&member, late).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (404, &json!("message_not_found"))
    );
    invariants::check(&world, "a deleted quote").await;
}

#[tokio::test]
async fn reactions_are_counted_once_a_user() {
    let world = World::open().await;
    let member = world.member("Noa").await;
    let seq = world.say(&world.host, "hello").await;
    for user in [&world.host, &member, &member] {
        let reacted = world
            .messages_request(&world.reaction(user, seq, "👍", true))
            .await;
        assert_eq!(reacted.status, 200, "{reacted:?}");
    }
    let reaction = world
        .messages_request(&world.reaction(&member, seq, "👍", true))
        .await;
    assert_eq!(reaction.body["reactions"][0]["count"], 2);
    for _ in 0..2 {
        let taken = world
            .messages_request(&world.reaction(&member, seq, "👍", false))
            .await;
        assert_eq!(taken.body["reactions"][0]["count"], 1);
    }
    invariants::check(&world, "a reaction").await;
}

#[tokio::test]
async fn reactions_are_refused_with_a_reason_and_change_nothing() {
    let world = World::open().await;
    let (member, stranger) = (world.member("Noa").await, world.user().await);
    let seq = world.say(&world.host, "hello").await;
    for emoji in [
        "🍎", "🍊", "🍋", "🍌", "🍉", "🍇", "🍓", "🍈", "🍒", "🍑", "🥭", "🍍",
    ] {
        let reacted = world
            .messages_request(&world.reaction(&world.host, seq, emoji, true))
            .await;
        assert_eq!(reacted.status, 200, "{reacted:?}");
    }
    let path = format!("{}{seq}/reactions/", world.messages_path());
    let plain = TestRequest::post(&path, json!({ "emoji": "👍", "on": true }));
    let cases = [
        (plain.clone(), 401, "unauthenticated"),
        (plain.token(&stranger.token), 403, "not_a_member"),
        (
            world.reaction(&member, seq, "hello", true),
            400,
            "bad_emoji",
        ),
        (world.reaction(&member, seq, "", true), 400, "bad_emoji"),
        (
            world.reaction(&member, seq, "👍", true),
            409,
            "too_many_reactions",
        ),
        (
            world.reaction(&member, 9, "👍", true),
            404,
            "message_not_found",
        ),
        (
            TestRequest::post(&path, json!({ "emoji": "👍" })).token(&member.token),
            400,
            "bad_json",
        ),
    ];
    world.assert_refused("chat-messages", cases).await;
}

#[tokio::test]
async fn a_bad_path_is_refused_before_a_bad_session_and_that_before_a_bad_body() {
    let world = World::open().await;
    let (room, body) = (world.room, || json!("no reaction"));
    let post = |path: &str| TestRequest::post(format!("/api/chats/{path}"), body());
    let path = format!("{room}/messages/1/reactions/");
    let cases = [
        (post("nowhere/messages/x/reactions/"), 404, "room_not_found"),
        (
            post(&format!("{room}/messages/x/reactions/")),
            404,
            "message_not_found",
        ),
        (post(&path), 401, "unauthenticated"),
        (post(&path).token(&world.host.token), 400, "bad_json"),
    ];
    world.assert_refused("chat-messages", cases).await;
}

/// A message of an author with a pin that a second user paid for.
async fn world_with_pin() -> (World, User, Order) {
    let world = World::open().await;
    let (author, payer) = (world.member("Noa").await, world.member("Omer").await);
    let seq = world.say(&author, "look here").await;
    let order = world.buy(&payer, pin(seq, 500)).await;
    (world, author, order)
}

/// The author and the host delete at the same time, so that one of them finds the room changed.
#[tokio::test]
async fn a_deletion_refunds_its_pin_once_and_only_after_its_write() {
    let (world, author, order) = world_with_pin().await;
    let (theirs, hosts) = (world.deletion(&author, 1), world.deletion(&world.host, 1));
    world.cloud.faults().clear();
    let deleted = tokio::join!(
        world.messages_request(&theirs),
        world.messages_request(&hosts)
    );
    assert_eq!((deleted.0.status, deleted.1.status), (204, 204));
    let calls = world.cloud.faults().calls();
    let first = |name: &str| {
        calls
            .iter()
            .position(|call| call.0.ends_with(name))
            .unwrap()
    };
    assert!(
        first("TransactWriteItems") < first("PutEvents"),
        "{calls:?}"
    );
    let requests = world.refund_requests();
    assert!(
        requests
            .iter()
            .all(|event| event["id"] == requests[0]["id"]),
        "{requests:?}"
    );
    assert_eq!(
        world.status(&order).await,
        ("not_given".into(), "message_gone".into())
    );
    invariants::check(&world, "a deletion by two users").await;
}

#[tokio::test]
async fn pins_of_which_less_than_half_is_left_are_not_refunded() {
    let (world, author, order) = world_with_pin().await;
    world.advance(10 * 60);
    assert_eq!(
        world
            .messages_request(&world.deletion(&author, 1))
            .await
            .status,
        204
    );
    assert_eq!(world.status(&order).await.0, "given");
    assert!(world.refund_requests().is_empty());
    invariants::check(&world, "a late deletion").await;
}

#[tokio::test]
async fn users_who_delete_their_own_pin_are_not_refunded() {
    let world = World::open().await;
    let payer = world.member("Omer").await;
    let seq = world.say(&payer, "look here").await;
    let order = world.buy(&payer, pin(seq, 500)).await;
    assert_eq!(
        world
            .messages_request(&world.deletion(&payer, seq))
            .await
            .status,
        204
    );
    assert_eq!(world.status(&order).await.0, "given");
    assert!(world.refund_requests().is_empty());
    invariants::check(&world, "a deleted message of its payer").await;
}

/// Payments refunds the order before the message is deleted.
#[tokio::test]
async fn pins_that_were_refunded_are_not_refunded_again() {
    let (world, author, order) = world_with_pin().await;
    world.tell_refunded(&order).await.unwrap();
    assert_eq!(
        world
            .messages_request(&world.deletion(&author, 1))
            .await
            .status,
        204
    );
    assert!(world.refund_requests().is_empty());
    assert_eq!(world.status(&order).await.0, "returned");
    invariants::check(&world, "a refunded pin").await;
}

/// The process crashes between removing the pin and requesting the refund.
#[tokio::test]
async fn a_repeated_deletion_requests_a_refund_that_was_lost() {
    let (world, author, order) = world_with_pin().await;
    let deletion = world.deletion(&author, 1);
    let (twin, twins_author, _) = world_with_pin().await;
    twin.cloud.faults().clear();
    twin.messages_request(&twin.deletion(&twins_author, 1))
        .await;
    let calls = twin.cloud.faults().calls();
    let request = calls
        .iter()
        .position(|call| call.0.ends_with("PutEvents"))
        .unwrap();
    world.cloud.faults().plan(request, Fault::DiesBefore);
    let died = world
        .cloud
        .faults()
        .run(world.messages_request(&deletion))
        .await;
    assert!(died.is_none());
    assert_eq!(world.status(&order).await.0, "not_given");
    assert!(world.refund_requests().is_empty());
    world.cloud.faults().clear();
    assert_eq!(world.messages_request(&deletion).await.status, 204);
    assert_eq!(world.refund_reasons(&order), ["the message was deleted"]);
}

/// The process crashes right after the pin was removed, and the author deletes again.
#[tokio::test]
async fn a_repeated_deletion_broadcasts_the_removal_of_its_pin() {
    let ((world, author, _), (twin, twins_author, _)) =
        (world_with_pin().await, world_with_pin().await);
    for world in [&world, &twin] {
        world.state("chat-messages").await;
    }
    twin.cloud.faults().clear();
    twin.messages_request(&twin.deletion(&twins_author, 1))
        .await;
    let calls = twin.cloud.faults().calls();
    let removal = calls
        .iter()
        .position(|call| call.0.ends_with("TransactWriteItems"));
    let (faults, deletion) = (world.cloud.faults(), world.deletion(&author, 1));
    faults.plan(removal.unwrap(), Fault::DiesAfter);
    assert_eq!(faults.run(world.messages_request(&deletion)).await, None);
    faults.clear();
    assert_eq!(world.messages_request(&deletion).await.status, 204);
    assert_eq!(world.updates_of("pin").pop().unwrap()["pin"], Value::Null);
}

/// The process crashes while it publishes the cleared replies, and the author deletes again.
#[tokio::test]
async fn a_repeated_deletion_clears_and_publishes_every_quote() {
    let (world, deletion) = world_with_quotes().await;
    let (twin, twins_deletion) = world_with_quotes().await;
    twin.cloud.faults().clear();
    twin.messages_request(&twins_deletion).await;
    let calls = twin.cloud.faults().calls();
    let mut sends =
        (0..calls.len()).filter(|number| calls[*number].0.ends_with("SendMessageBatch"));
    world
        .cloud
        .faults()
        .plan(sends.nth(1).unwrap(), Fault::LostBefore);
    assert_eq!(world.messages_request(&deletion).await.status, 503);
    world.cloud.faults().clear();
    assert_eq!(world.messages_request(&deletion).await.status, 204);
    for (reply, is_cleared) in [(3, true), (4, true), (5, false)] {
        let quote = world.message_row(reply).await["reply_to"]["text"].clone();
        assert_eq!(quote == "", is_cleared);
        let updates = world.updates_of("changed");
        let is_published = updates
            .iter()
            .any(|update| update["message"]["seq"] == reply);
        assert_eq!(is_published, is_cleared, "{updates:?}");
    }
    invariants::check(&world, "cleared quotes").await;
}

/// Two messages, two replies to the first one and one to the second, and the deletion of the first.
async fn world_with_quotes() -> (World, TestRequest) {
    let world = World::open().await;
    let member = world.member("Noa").await;
    let first = world.say(&world.host, "look here").await;
    let other = world.say(&world.host, "unrelated").await;
    for quoted in [first, first, other] {
        world.reply(&member, "yes", Some(quoted)).await;
    }
    let deletion = world.deletion(&world.host, first);
    (world, deletion)
}

/// A client posts a reply, and repeats it until it is answered.
struct Posting;

impl Story for Posting {
    const FUNCTION: &'static str = "chat-messages";
    const SUCCESS: &'static [u16] = &[200, 201];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let quoted = world.say(&world.host, "look here").await;
        let body = json!({ "client_msg_id": "message-0002", "text": "hello", "reply_to": quoted });
        let request = TestRequest::post(world.messages_path(), body);
        let request = request.token(&world.host.token);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        assert_eq!(world.history().await, ["look here", "hello"], "{story}");
    }
}

#[tokio::test]
async fn messages_are_stored_once_and_broadcast_whatever_call_fails() {
    let ran = enumerate_requests::<Posting>().await;
    assert!(ran.calls >= 7, "{ran:?}");
}

struct Reacting;

impl Story for Reacting {
    const FUNCTION: &'static str = "chat-messages";
    const SUCCESS: &'static [u16] = &[200];

    async fn arrange() -> (World, TestRequest) {
        let world = World::open().await;
        let seq = world.say(&world.host, "hello").await;
        let request = world.reaction(&world.host, seq, "👍", true);
        (world, request)
    }

    async fn check(world: &World, story: &str) {
        let reactions = world.message_row(1).await["r:👍"].clone();
        assert_eq!(reactions, json!([world.host.id]), "{story}");
    }
}

#[tokio::test]
async fn reactions_are_counted_once_and_broadcast_whatever_call_fails() {
    let ran = enumerate_requests::<Reacting>().await;
    assert!(ran.calls >= 5, "{ran:?}");
}

/// The author deletes a message that has a pin and a quote.
struct Deletion {
    world: World,
    request: TestRequest,
    order: Order,
}

impl Scenario for Deletion {
    async fn arrange() -> Self {
        let (world, author, order) = world_with_pin().await;
        world.reply(&world.host, "yes", Some(1)).await;
        let request = world.deletion(&author, 1);
        world.state("chat-messages").await;
        Self {
            world,
            request,
            order,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    /// At each delivery, the refund was not requested before the write that makes it due.
    async fn act(&self) -> Result<()> {
        if !self.world.refund_requests().is_empty() {
            invariants::check_refunds(&self.world, "before a repeated deletion").await;
        }
        let deleted = self.world.messages_request(&self.request).await;
        match deleted.status {
            204 => Ok(()),
            _ => Err(confab_core::Error::unavailable(
                "not_deleted",
                format!("{deleted:?}"),
            )),
        }
    }

    async fn check(&self, story: &str) {
        let world = &self.world;
        assert_eq!(world.message_row(1).await["is_deleted"], true, "{story}");
        let reasons = world.refund_reasons(&self.order);
        assert!(!reasons.is_empty(), "{story}: the pin is not refunded");
        invariants::check(world, story).await;
        let rows = world.rows().await;
        let left = rows
            .iter()
            .find(|row| text(row, "sk").starts_with("QUOTE#"));
        assert_eq!(left, None, "{story}");
    }
}

#[tokio::test]
async fn deletions_are_completed_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Deletion>().await;
    assert!(calls >= 15, "{calls}");
}
