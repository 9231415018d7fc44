use axum::http::StatusCode;
use confab_kernel::{Currency, Money, OrderId};
use rooms_domain::{Goods, Tier};
use serde_json::{Value, json};

use super::*;
use crate::{
    store::{Became, Paid},
    testing::{Cloud, code, person, user},
};

/// A message of the host that the second user has paid to pin.
async fn pinned() -> (Cloud, Message, Paid) {
    let cloud = Cloud::new().await;
    cloud.joins(2).await;
    let message = cloud.says(1, "look here").await;
    let (now, tier) = (cloud.clock.now(), Tier::parse(500).unwrap());
    let paid = Paid {
        order: OrderId::new(now, &|| [9; 10]),
        payer: user(2),
        username: Some(person(2).username),
        goods: Goods::Pin { seq: message.seq, tier },
        price: Money::new(500, Currency::Usd),
        at: now,
        became: Became::Given,
        why: None,
        said_as: None,
    };
    let visited = cloud.store.visit(code(), Some(user(2)), Read::Latest).await.unwrap();
    let pin = PaidPin::new((paid.order, paid.payer), tier, &message, (paid.price, None), now);
    let room = visited.room.clone().pinned(pin, now).unwrap();
    assert_eq!(cloud.store.put_pin(&room, visited.version, &paid, message.seq).await.unwrap(), Saved::Yes);
    (cloud, message, paid)
}

async fn deletes(cloud: &Cloud) -> Result<Reply> {
    let call = cloud.asks("DELETE", &format!("/api/chats/{}/messages/1/", code()), 1, Value::Null).await;
    handle(cloud.rooms().await, call).await
}

async fn became(cloud: &Cloud, paid: &Paid) -> Became {
    cloud.store.paid(code(), paid.order).await.unwrap().unwrap().became
}

/// The room is changed while the message is deleted: the first write is lost.
#[tokio::test]
async fn a_deletion_refunds_its_pin_once_and_after_the_write_is_won() {
    let (cloud, _, paid) = pinned().await;
    let (mut lost, mut early) = (false, false);
    cloud.fails(move |target, asked| {
        let takes_down = target.ends_with("TransactWriteItems") && asked.to_string().contains("SET pins");
        early |= !lost && target.ends_with("PutEvents");
        assert!(!early, "the refund was asked for before the write was won");
        if lost || !takes_down {
            return None;
        }
        lost = true;
        let reasons = json!([{ "Code": "ConditionalCheckFailed" }, { "Code": "None" }]);
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        Some((StatusCode::BAD_REQUEST, json!({ "__type": kind, "message": "", "CancellationReasons": reasons })))
    });
    deletes(&cloud).await.unwrap();
    assert_eq!(cloud.published().len(), 1, "{:?}", cloud.published());
    assert_eq!(cloud.published()[0]["DetailType"], "refund_requested");
    assert_eq!(became(&cloud, &paid).await, Became::NotGiven);
}

/// The payer's money went back meanwhile, which took the pin down.
#[tokio::test]
async fn a_deletion_that_loses_its_write_owes_nothing() {
    let (cloud, message, paid) = pinned().await;
    let visited = cloud.store.visit(code(), None, Read::Latest).await.unwrap();
    let without = visited.room.with_message_unpinned(message.seq).unwrap();
    let returned = Paid { became: Became::Returned, ..paid.clone() };
    assert_eq!(cloud.store.take_pin(&without, visited.version, &returned).await.unwrap(), Saved::Yes);
    let late = cloud.store.take_pins(&without, visited.version, &[paid.order]).await.unwrap();
    assert_eq!(late, Saved::Raced);
    let late = cloud.store.take_pins(&without, visited.version + 1, &[paid.order]).await.unwrap();
    assert_eq!(late, Saved::Raced, "the order was returned already");
    deletes(&cloud).await.unwrap();
    assert_eq!(cloud.published(), Vec::<Value>::new());
    assert_eq!(became(&cloud, &paid).await, Became::Returned);
}

/// The process that took the pin down died before it asked for the refund.
#[tokio::test]
async fn a_deletion_that_comes_again_asks_for_a_refund_that_was_lost() {
    let (cloud, _, paid) = pinned().await;
    cloud.fails(|target, _| target.ends_with("PutEvents").then(|| (StatusCode::INTERNAL_SERVER_ERROR, json!({}))));
    assert!(deletes(&cloud).await.is_err());
    assert_eq!(became(&cloud, &paid).await, Became::NotGiven);
    cloud.fails(|_, _| None);
    deletes(&cloud).await.unwrap();
    assert_eq!(cloud.published().len(), 1);
}
