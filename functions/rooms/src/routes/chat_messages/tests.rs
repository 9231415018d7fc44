use axum::http::StatusCode;
use confab_core::{Currency, Money, OrderId};
use rooms_domain::{Goods, Tier};
use serde_json::{Value, json};

use super::*;
use crate::{
    store::{Became, Paid, Said},
    testing::{Cloud, code, person, trace, user},
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
        goods: Goods::Pin {
            seq: message.seq,
            tier,
        },
        price: Money::new(500, Currency::Usd),
        at: now,
        became: Became::Given,
        why: None,
        said_as: None,
    };
    let visited = cloud
        .store
        .visit(code(), Some(user(2)), Consistency::Strong)
        .await
        .unwrap();
    let pin = PaidPin::new(
        (paid.order, paid.payer),
        tier,
        &message,
        (paid.price, None),
        now,
    );
    let room = visited.room.clone().pinned(pin, now).unwrap();
    assert_eq!(
        cloud
            .store
            .put_pin(&room, visited.version, &paid, message.seq)
            .await
            .unwrap(),
        SaveOutcome::Saved
    );
    (cloud, message, paid)
}

async fn deletes(cloud: &Cloud) -> Result<Response> {
    let call = cloud
        .asks(
            "DELETE",
            &format!("/api/chats/{}/messages/1/", code()),
            1,
            Value::Null,
        )
        .await;
    handle(cloud.rooms().await, call).await
}

async fn became(cloud: &Cloud, paid: &Paid) -> Became {
    cloud
        .store
        .paid(code(), paid.order)
        .await
        .unwrap()
        .unwrap()
        .became
}

/// The room is changed while the message is deleted: the first write is lost.
#[tokio::test]
async fn a_deletion_refunds_its_pin_once_and_after_the_write_is_won() {
    let (cloud, _, paid) = pinned().await;
    let (mut lost, mut early) = (false, false);
    cloud.fails(move |target, asked| {
        let takes_down =
            target.ends_with("TransactWriteItems") && asked.to_string().contains("SET pins");
        early |= !lost && target.ends_with("PutEvents");
        assert!(!early, "the refund was asked for before the write was won");
        if lost || !takes_down {
            return None;
        }
        lost = true;
        let reasons = json!([{ "Code": "ConditionalCheckFailed" }, { "Code": "None" }]);
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        Some((
            StatusCode::BAD_REQUEST,
            json!({ "__type": kind, "message": "", "CancellationReasons": reasons }),
        ))
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
    let visited = cloud
        .store
        .visit(code(), None, Consistency::Strong)
        .await
        .unwrap();
    let without = visited.room.with_message_unpinned(message.seq).unwrap();
    let returned = Paid {
        became: Became::Returned,
        ..paid.clone()
    };
    assert_eq!(
        cloud
            .store
            .take_pin(&without, visited.version, &returned)
            .await
            .unwrap(),
        SaveOutcome::Saved
    );
    let late = cloud
        .store
        .take_pins(&without, visited.version, &[paid.order])
        .await
        .unwrap();
    assert_eq!(late, SaveOutcome::Conflict);
    let late = cloud
        .store
        .take_pins(&without, visited.version + 1, &[paid.order])
        .await
        .unwrap();
    assert_eq!(
        late,
        SaveOutcome::Conflict,
        "the order was returned already"
    );
    deletes(&cloud).await.unwrap();
    assert_eq!(cloud.published(), Vec::<Value>::new());
    assert_eq!(became(&cloud, &paid).await, Became::Returned);
}

/// The process that took the pin down died before it asked for the refund.
#[tokio::test]
async fn a_deletion_that_comes_again_asks_for_a_refund_that_was_lost() {
    let (cloud, _, paid) = pinned().await;
    cloud.fails(|target, _| {
        target
            .ends_with("PutEvents")
            .then(|| (StatusCode::INTERNAL_SERVER_ERROR, json!({})))
    });
    assert!(deletes(&cloud).await.is_err());
    assert_eq!(became(&cloud, &paid).await, Became::NotGiven);
    cloud.fails(|_, _| None);
    deletes(&cloud).await.unwrap();
    assert_eq!(cloud.published().len(), 1);
}

async fn says(cloud: &Cloud, number: u8, id: usize) -> Result<Response> {
    let body = json!({ "client_msg_id": format!("message-{id:08}"), "text": "flood" });
    let call = cloud
        .asks(
            "POST",
            &format!("/api/chats/{}/messages/", code()),
            number,
            body,
        )
        .await;
    handle(cloud.rooms().await, call).await
}

/// Three browsers take turns, so that none of them is ever the author of most of the latest messages.
#[tokio::test]
async fn people_who_take_turns_cannot_push_the_history_out() {
    let cloud = Cloud::new().await;
    cloud.joins(2).await;
    cloud.joins(3).await;
    let (mut accepted, mut refused) = (0, 0);
    for id in 0..90 {
        let number = [1, 2, 3][id % 3];
        match says(&cloud, number, id).await {
            Ok(_) => accepted += 1,
            Err(error) => {
                assert_eq!(error.code(), "too_fast");
                assert!(matches!(
                    error.kind(),
                    confab_core::Kind::RateLimited {
                        retry_after_seconds: 1..=2
                    }
                ));
                refused += 1;
            }
        }
    }
    assert!(
        accepted >= 60,
        "each may say twenty things at once: {accepted}"
    );
    assert!(refused > 0, "{accepted} of 90 were accepted");
}

#[tokio::test]
async fn the_first_message_is_kept_behind_five_hundred_others() {
    let cloud = Cloud::new().await;
    cloud.says(1, "the first word").await;
    let row = cloud
        .row(&format!("ROOM#{}", code()), "MSG#000000000001")
        .await;
    let mut late = row.clone();
    late["seq"] = json!({ "N": "1200" });
    cloud
        .put_row(&format!("ROOM#{}", code()), "MSG#000000001200", late)
        .await;
    assert_eq!(crate::store::first_seq(1_200), 1);
    let call = cloud
        .asks(
            "GET",
            &format!("/api/chats/{}/messages/", code()),
            1,
            Value::Null,
        )
        .await;
    let page: Value = serde_json::from_slice(
        handle(cloud.rooms().await, call)
            .await
            .unwrap()
            .body()
            .as_ref(),
    )
    .unwrap();
    assert_eq!(page["messages"][0]["text"], "the first word");
    let kept_for = row["expires_at"]["N"]
        .as_str()
        .unwrap()
        .parse::<i64>()
        .unwrap()
        - cloud.clock.now().as_second();
    assert!(
        (30 * 24 * 3_600 - 600..=30 * 24 * 3_600).contains(&kept_for),
        "thirty days, but for a moment: {kept_for}"
    );
}

async fn answers(cloud: &Cloud, seq: u64) -> Message {
    let visited = cloud
        .store
        .visit(code(), Some(user(2)), Consistency::Strong)
        .await
        .unwrap();
    let latest = cloud
        .store
        .latest(code(), visited.reserved, Consistency::Strong, trace())
        .await
        .unwrap();
    let quote = cloud
        .store
        .message(code(), seq)
        .await
        .unwrap()
        .unwrap()
        .quote();
    let draft = Draft::parse(&format!("{:0>8}", latest.last_seq + 1), "yes", Some(seq)).unwrap();
    match cloud
        .store
        .say(&visited, &draft, Some(quote), latest, None, trace())
        .await
        .unwrap()
    {
        Said::New { message, .. } => message,
        other => panic!("{other:?}"),
    }
}

/// The process dies while it announces the answers, and the person deletes again.
#[tokio::test]
async fn deletion_empties_every_quote_and_announces_each_even_after_a_crash() {
    let cloud = Cloud::new().await;
    cloud.joins(2).await;
    let first = cloud.says(1, "look here").await;
    let other = cloud.says(1, "unrelated").await;
    let answers = [
        answers(&cloud, first.seq).await,
        answers(&cloud, first.seq).await,
        answers(&cloud, other.seq).await,
    ];
    let mut sends = 0;
    cloud.fails(move |target, _| {
        sends += usize::from(target.ends_with("SendMessageBatch"));
        (sends == 2).then(|| (StatusCode::BAD_REQUEST, json!({})))
    });
    assert!(deletes(&cloud).await.is_err());
    cloud.fails(|_, _| None);
    deletes(&cloud).await.unwrap();
    for (answer, is_emptied) in answers.iter().zip([true, true, false]) {
        let now = cloud
            .store
            .message(code(), answer.seq)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(now.reply_to.unwrap().text.as_str().is_empty(), is_emptied);
        let announced = |job: &Value| job["news"][0]["message"]["seq"] == answer.seq;
        assert_eq!(
            cloud.sent().iter().any(announced),
            is_emptied,
            "{:?}",
            cloud.sent()
        );
    }
    assert_eq!(
        cloud.store.quotes(code(), first.seq).await.unwrap(),
        Vec::<u64>::new()
    );
}

/// The operator keeps messages for a shorter time: the newest must not expire before older ones.
#[tokio::test]
async fn numbers_are_not_given_out_again_after_messages_are_kept_shorter() {
    let mut cloud = Cloud::new().await;
    cloud.says(1, "kept for thirty days").await;
    cloud.store = crate::store::Store::new(
        cloud.store.table.clone(),
        std::sync::Arc::new(cloud.clock),
        Duration::from_secs(60),
    );
    cloud.says(1, "kept no shorter").await;
    let expires_at = async |seq: u64| {
        let row = cloud
            .row(&format!("ROOM#{}", code()), &format!("MSG#{seq:012}"))
            .await;
        row["expires_at"]["N"]
            .as_str()
            .unwrap()
            .parse::<i64>()
            .unwrap()
    };
    assert!(expires_at(2).await >= expires_at(1).await);
}
