use axum::http::StatusCode;
use confab_core::{Clock, Currency, Kind, Money, OrderId};
use rooms_domain::{Goods, PaidPin, Tier};
use serde_json::{Value, json};

use super::*;
use crate::{
    store::{FulfillmentStatus, PurchaseRecord},
    testing::{Cloud, code, person, user},
};

async fn call(
    cloud: &Cloud,
    method: &str,
    path: &str,
    number: u8,
    body: &Value,
) -> Result<Response> {
    let (routes, path) = (routes(), format!("/api/chats/{}/messages/{path}", code()));
    let request = cloud.request(&routes, (method, &path), number, body).await;
    routes.answer(request, cloud.state(PARTS).await).await
}

async fn delete_first_message(cloud: &Cloud) -> Result<Response> {
    call(cloud, "DELETE", "1/", 1, &Value::Null).await
}

async fn post(cloud: &Cloud, number: u8, id: usize) -> Result<Response> {
    let body = json!({ "client_msg_id": format!("message-{id:08}"), "text": "flood" });
    call(cloud, "POST", "", number, &body).await
}

/// A message of the host with a pin that the second user paid for.
async fn cloud_with_pin() -> (Cloud, Message, PurchaseRecord) {
    let cloud = Cloud::new().await;
    cloud.add_member(2).await;
    let message = cloud.post(1, "look here").await;
    let (now, tier) = (cloud.clock.now(), Tier::parse(500).unwrap());
    let seq = message.seq;
    let purchase = PurchaseRecord {
        order: OrderId::new(now, &|| [9; 10]),
        payer: user(2),
        username: Some(person(2).username),
        goods: Goods::Pin { seq, tier },
        price: Money::new(500, Currency::Usd),
        at: now,
        status: FulfillmentStatus::Fulfilled,
        refund_reason: None,
        tip_seq: None,
    };
    let loaded = cloud
        .store
        .load_room_for(code(), Some(user(2)), Consistency::Strong)
        .await
        .unwrap();
    let order = (purchase.order, purchase.payer);
    let pin = PaidPin::new(order, tier, &message, (purchase.price, None), now);
    let room = loaded.room.clone().with_pin(pin, now).unwrap();
    let saved = cloud
        .store
        .add_pin(&room, loaded.version, &purchase, seq)
        .await;
    assert_eq!(saved.unwrap(), SaveOutcome::Saved);
    (cloud, message, purchase)
}

async fn status(cloud: &Cloud, purchase: &PurchaseRecord) -> FulfillmentStatus {
    let found = cloud.store.find_purchase(code(), purchase.order).await;
    found.unwrap().unwrap().status
}

/// The room is changed during the deletion: the first write conflicts.
#[tokio::test]
async fn a_deletion_refunds_its_pin_once_and_only_after_its_write() {
    let (cloud, _, purchase) = cloud_with_pin().await;
    let mut has_conflicted = false;
    cloud.fail_calls(move |target, asked| {
        let removes_pins =
            target.ends_with("TransactWriteItems") && asked.to_string().contains("SET pins");
        let is_early = !has_conflicted && target.ends_with("PutEvents");
        assert!(!is_early, "the refund was requested before the write");
        if has_conflicted || !removes_pins {
            return None;
        }
        has_conflicted = true;
        let reasons = json!([{ "Code": "ConditionalCheckFailed" }, { "Code": "None" }]);
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        Some((
            StatusCode::BAD_REQUEST,
            json!({ "__type": kind, "message": "", "CancellationReasons": reasons }),
        ))
    });
    delete_first_message(&cloud).await.unwrap();
    assert_eq!(cloud.published().len(), 1, "{:?}", cloud.published());
    assert_eq!(cloud.published()[0]["DetailType"], "refund_requested");
    assert_eq!(
        status(&cloud, &purchase).await,
        FulfillmentStatus::RefundDue
    );
}

/// The payer is refunded during the deletion, which removes the pin.
#[tokio::test]
async fn a_deletion_whose_write_conflicts_requests_no_refund() {
    let (cloud, message, purchase) = cloud_with_pin().await;
    let loaded = cloud
        .store
        .load_room_for(code(), None, Consistency::Strong)
        .await
        .unwrap();
    let (version, orders) = (loaded.version, [purchase.order]);
    let without = loaded.room.without_pins_of_message(message.seq).unwrap();
    let refunded = PurchaseRecord {
        status: FulfillmentStatus::Refunded,
        ..purchase.clone()
    };
    let store = &cloud.store;
    let saved = store.remove_refunded_pin(&without, version, &refunded);
    assert_eq!(saved.await.unwrap(), SaveOutcome::Saved);
    let outdated = store.remove_pins_of_deleted_message(&without, version, &orders);
    assert_eq!(outdated.await.unwrap(), SaveOutcome::Conflict);
    let refunded = store.remove_pins_of_deleted_message(&without, version + 1, &orders);
    assert_eq!(
        refunded.await.unwrap(),
        SaveOutcome::Conflict,
        "the order is refunded already"
    );
    delete_first_message(&cloud).await.unwrap();
    assert_eq!(cloud.published(), Vec::<Value>::new());
    assert_eq!(status(&cloud, &purchase).await, FulfillmentStatus::Refunded);
}

/// The process crashes between removing the pin and requesting the refund.
#[tokio::test]
async fn a_repeated_deletion_requests_a_refund_that_was_lost() {
    let (cloud, _, purchase) = cloud_with_pin().await;
    cloud.fail_calls(|target, _| {
        target
            .ends_with("PutEvents")
            .then(|| (StatusCode::INTERNAL_SERVER_ERROR, json!({})))
    });
    assert!(delete_first_message(&cloud).await.is_err());
    assert_eq!(
        status(&cloud, &purchase).await,
        FulfillmentStatus::RefundDue
    );
    cloud.fail_calls(|_, _| None);
    delete_first_message(&cloud).await.unwrap();
    assert_eq!(cloud.published().len(), 1);
}

/// The process crashes while it publishes the cleared replies, and the author deletes again.
#[tokio::test]
async fn a_repeated_deletion_clears_and_publishes_every_quote() {
    let cloud = Cloud::new().await;
    cloud.add_member(2).await;
    let first = cloud.post(1, "look here").await;
    let other = cloud.post(1, "unrelated").await;
    let reply = async |quoted: &Message| {
        cloud
            .post_with(&cloud.store, 2, "yes", Some(quoted.quote()))
            .await
    };
    let replies = [
        reply(&first).await,
        reply(&first).await,
        reply(&other).await,
    ];
    let mut sends = 0;
    cloud.fail_calls(move |target, _| {
        sends += usize::from(target.ends_with("SendMessageBatch"));
        (sends == 2).then(|| (StatusCode::BAD_REQUEST, json!({})))
    });
    assert!(delete_first_message(&cloud).await.is_err());
    cloud.fail_calls(|_, _| None);
    delete_first_message(&cloud).await.unwrap();
    for (reply, is_cleared) in replies.iter().zip([true, true, false]) {
        let found = cloud.store.find_message(code(), reply.seq).await;
        let quote = found.unwrap().unwrap().reply_to.unwrap();
        assert_eq!(quote.text.as_str().is_empty(), is_cleared);
        let is_published = cloud
            .sent()
            .iter()
            .any(|job| job["news"][0]["message"]["seq"] == reply.seq);
        assert_eq!(is_published, is_cleared, "{:?}", cloud.sent());
    }
    let left = cloud.store.replies_quoting(code(), first.seq).await;
    assert_eq!(left.unwrap(), Vec::<u64>::new());
}

#[tokio::test]
async fn only_the_author_and_the_host_delete_a_message() {
    let cloud = Cloud::new().await;
    cloud.add_member(2).await;
    cloud.add_member(3).await;
    cloud.post(2, "mine").await;
    let refused = call(&cloud, "DELETE", "1/", 3, &Value::Null).await;
    assert_eq!(refused.unwrap_err().code(), "forbidden");
    call(&cloud, "DELETE", "1/", 2, &Value::Null).await.unwrap();
    cloud.post(2, "mine again").await;
    call(&cloud, "DELETE", "2/", 1, &Value::Null).await.unwrap();
}

#[tokio::test]
async fn a_bad_path_is_refused_before_a_bad_session_and_that_before_a_bad_body() {
    let cloud = Cloud::new().await;
    let (routes, state) = (routes(), cloud.state(PARTS).await);
    let refusal = async |path: &str, user: Option<u8>| {
        let path = format!("/api/chats/{path}");
        let body = json!("no reaction");
        let request = match user {
            Some(number) => {
                let route = ("POST", path.as_str());
                cloud.request(&routes, route, number, &body).await
            }
            None => cloud.anonymous_request(&routes, "POST", &path, &body),
        };
        let refused = routes.answer(request, state.clone()).await.unwrap_err();
        refused.code().to_owned()
    };
    let code = code();
    assert_eq!(
        refusal("nowhere/messages/x/reactions/", None).await,
        "room_not_found"
    );
    assert_eq!(
        refusal(&format!("{code}/messages/x/reactions/"), None).await,
        "message_not_found"
    );
    let path = format!("{code}/messages/1/reactions/");
    assert_eq!(refusal(&path, None).await, "unauthenticated");
    assert_eq!(refusal(&path, Some(1)).await, "bad_json");
}

/// Three users take turns, so that none of them is the author of most of the latest messages.
#[tokio::test]
async fn users_who_take_turns_cannot_push_the_history_out() {
    let cloud = Cloud::new().await;
    cloud.add_member(2).await;
    cloud.add_member(3).await;
    let (mut accepted, mut refused) = (0, 0);
    for id in 0..90 {
        let number = [1, 2, 3][id % 3];
        match post(&cloud, number, id).await {
            Ok(_) => accepted += 1,
            Err(error) => {
                assert_eq!(error.code(), "too_fast");
                assert!(matches!(
                    error.kind(),
                    Kind::RateLimited {
                        retry_after_seconds: 1..=2
                    }
                ));
                refused += 1;
            }
        }
    }
    assert!(
        accepted >= 60,
        "each may post twenty messages at once: {accepted}"
    );
    assert!(refused > 0, "{accepted} of 90 were accepted");
}

#[tokio::test]
async fn a_retry_with_the_same_client_id_returns_the_first_message() {
    let cloud = Cloud::new().await;
    let statuses = [
        post(&cloud, 1, 7).await.unwrap().status(),
        post(&cloud, 1, 7).await.unwrap().status(),
    ];
    assert_eq!(statuses, [StatusCode::CREATED, StatusCode::OK]);
}

#[tokio::test]
async fn the_first_message_is_kept_after_more_than_a_thousand_others() {
    let cloud = Cloud::new().await;
    cloud.post(1, "the first message").await;
    let room = format!("ROOM#{}", code());
    let row = cloud.row(&room, "MSG#000000000001").await;
    let mut late = row.clone();
    late["seq"] = json!({ "N": "1200" });
    cloud.put_row(&room, "MSG#000000001200", late).await;
    assert_eq!(first_seq(1_200), 1);
    let response = call(&cloud, "GET", "", 1, &Value::Null).await.unwrap();
    let page: Value = serde_json::from_slice(response.body().as_ref()).unwrap();
    assert_eq!(page["messages"][0]["text"], "the first message");
    let expires_at: i64 = row["expires_at"]["N"].as_str().unwrap().parse().unwrap();
    let kept_for = expires_at - cloud.clock.now().as_second();
    let thirty_days = 30 * 24 * 3_600;
    assert!(
        (thirty_days - 600..=thirty_days).contains(&kept_for),
        "{kept_for}"
    );
}

/// Otherwise the highest number would be forgotten, and given out again.
#[tokio::test]
async fn the_newest_message_does_not_expire_first_after_the_ttl_is_shortened() {
    let cloud = Cloud::new().await;
    cloud.post(1, "kept for thirty days").await;
    let store = cloud.store_with_ttl(Duration::from_secs(60));
    cloud.post_with(&store, 1, "kept as long", None).await;
    let expires_at = async |seq: u64| -> i64 {
        let room = format!("ROOM#{}", code());
        let row = cloud.row(&room, &format!("MSG#{seq:012}")).await;
        row["expires_at"]["N"].as_str().unwrap().parse().unwrap()
    };
    assert!(expires_at(2).await >= expires_at(1).await);
}
