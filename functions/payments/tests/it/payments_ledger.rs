//! `payments-ledger`: the ledger, for the operator.

use std::time::Duration;

use confab_aws::{Condition, Table, text};
use confab_core::Clock;
use confab_testkit::{Fault, TestRequest, send};
use payments::routes::payments_ledger;
use serde_json::{Value, json};

use crate::world::{FEE, OPERATOR_KEY, PRICE, PRODUCT, World};

const ORDERS: &str = "/api/payments/ledger/orders";
const FLAGS: &str = "/api/payments/ledger/flags";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn ids(list: &Value) -> Vec<&str> {
    let orders = list["orders"].as_array().unwrap();
    orders
        .iter()
        .filter_map(|order| order["id"].as_str())
        .collect()
}

#[tokio::test]
async fn ledger_is_for_the_operator_alone() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    for path in [
        ORDERS.to_owned(),
        format!("{ORDERS}/{}", offer.order_id),
        format!("/api/payments/ledger/accounts/{PRODUCT}/usr_1"),
        FLAGS.to_owned(),
    ] {
        let request = TestRequest::get(&path);
        for request in [
            request.clone(),
            request.clone().token("guess"),
            request.clone().token(&OPERATOR_KEY[1..]),
            request.clone().token(&OPERATOR_KEY.repeat(1_000)),
        ] {
            let refused = world.ledger_request(&request).await;
            assert_eq!(
                (refused.status, &refused.body["code"]),
                (401, &json!("unauthenticated")),
                "{path}"
            );
            assert!(!refused.body.to_string().contains("usr_1"), "{refused:?}");
        }
        world.ledger(&path).await;
    }
}

#[tokio::test]
async fn orders_of_a_day_are_listed_newest_first_with_their_balance() {
    let world = World::open().await;
    let (first, page) = world.sell("usr_1").await;
    world
        .at_stripe(&page, "refund", json!({ "amount": 500 }))
        .await;
    world.deliver_new().await;
    world.drain().await;
    world.clock.advance(Duration::from_secs(1));
    let second = world.offer("studio.lite", "usr_2");
    world.take(&second).await;
    let today = world.ledger(ORDERS).await;
    let expected = [&second, &first].map(|offer| offer.order_id.to_string());
    assert_eq!(ids(&today), expected);
    let orders = today["orders"].as_array().unwrap();
    let balances: Vec<_> = orders.iter().map(|order| &order["balance"]).collect();
    assert_eq!(balances, [0, PRICE - 500]);
    assert_eq!(today["next"], Value::Null);
    world.clock.advance(DAY);
    assert!(ids(&world.ledger(ORDERS).await).is_empty());
    let that_day = world.ledger(&format!("{ORDERS}?day=2026-11-29")).await;
    assert_eq!(ids(&that_day), expected);
    for day in ["2026-11-30", "yesterday", "%F0%9F%92%B8", ""] {
        let list = world.ledger(&format!("{ORDERS}?day={day}")).await;
        assert!(ids(&list).is_empty(), "{day}");
    }
}

#[tokio::test]
async fn long_days_are_listed_in_pages() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    world.take(&offer).await;
    let order = world.order(offer.order_id).await;
    let table = world.table();
    for _ in 0..50 {
        let (mut copy, id) = (order.clone(), world.new_order_id().to_string());
        copy["id"] = json!(id);
        let created = order["created"].as_str().unwrap();
        copy["created"] = json!(created.replace(order["id"].as_str().unwrap(), &id));
        let row = Table::to_row(format!("ORDER#{id}"), "ORDER", &copy).unwrap();
        table.put(row, Condition::none()).await.unwrap();
    }
    let first = world.ledger(ORDERS).await;
    let next = first["next"].as_str().unwrap().replace('#', "%23");
    let second = world.ledger(&format!("{ORDERS}?after={next}")).await;
    assert_eq!((ids(&first).len(), ids(&second).len()), (50, 1));
    assert_eq!(second["next"], Value::Null);
    let mut all = [ids(&first), ids(&second)].concat();
    assert!(all.is_sorted_by(|newer, older| newer > older), "{all:?}");
    all.dedup();
    assert_eq!(all.len(), 51);
}

#[tokio::test]
async fn unreadable_orders_are_listed_and_hide_no_other() {
    let world = World::open().await;
    let (broken, sound) = (
        world.offer("studio.lite", "usr_1"),
        world.offer("studio.lite", "usr_2"),
    );
    world.take(&broken).await;
    world.take(&sound).await;
    world
        .tamper(broken.order_id, "credits", text("no number"))
        .await;
    let list = world.ledger(ORDERS).await;
    assert_eq!(ids(&list), [sound.order_id.to_string()]);
    assert_eq!(
        list["unreadable"],
        json!([format!("ORDER#{}", broken.order_id)])
    );
}

#[tokio::test]
async fn order_files_hold_entries_and_events() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    world.at_stripe(&page, "refund", json!({})).await;
    world.deliver_new().await;
    world.drain().await;
    let file = world.ledger(&format!("{ORDERS}/{}", offer.order_id)).await;
    assert_eq!(
        (&file["order"]["state"], &file["order"]["balance"]),
        (&json!("refunded"), &json!(0))
    );
    let mut rows: Vec<_> = file["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["kind"].as_str().unwrap(),
                row["amount"].as_i64().unwrap(),
            )
        })
        .collect();
    rows.sort_unstable();
    assert_eq!(rows, [("charge", PRICE), ("fee", -FEE), ("refund", -PRICE)]);
    let told = file["told"].as_array().unwrap();
    let mut types: Vec<_> = told
        .iter()
        .map(|told| told["type"].as_str().unwrap())
        .collect();
    types.sort_unstable();
    assert_eq!(types, ["received", "refunded"]);
    assert!(told.iter().all(|told| told["is_told"] == true), "{told:?}");
    assert!(
        told[0]["cause"]
            .as_str()
            .unwrap()
            .starts_with("stripe#evt_")
    );
}

#[tokio::test]
async fn unknown_orders_and_accounts_are_not_found_or_empty() {
    let world = World::open().await;
    let unknown = world.new_order_id().to_string();
    for id in [unknown.as_str(), "ord_1", "ORDER", &"x".repeat(4_000)] {
        let request = TestRequest::get(format!("{ORDERS}/{id}")).token(OPERATOR_KEY);
        let refused = world.ledger_request(&request).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (404, &json!("order_not_found")),
            "{id}"
        );
    }
    let account = world
        .ledger("/api/payments/ledger/accounts/studio/usr_unknown")
        .await;
    assert_eq!(account, json!({ "balance": 0, "rows": [] }));
}

#[tokio::test]
async fn accounts_hold_the_entries_of_their_balance() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    world.sell("usr_2").await;
    let account = world
        .ledger("/api/payments/ledger/accounts/studio/usr_1")
        .await;
    assert_eq!(account["balance"], 1);
    let rows = account["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["kind"], &rows[0]["amount"], &rows[0]["order_id"]),
        (&json!("credit"), &json!(1), &json!(offer.order_id))
    );
}

#[tokio::test]
async fn flags_of_a_day_are_listed_open_until_they_end() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    let payment = json!({ "amount": PRICE, "currency": "usd", "by": "dashboard",
        "metadata": { "order_id": offer.order_id.to_string() } });
    let second = world.control("/api/stripe/payments", payment).await;
    let second = second["payment_intent"].as_str().unwrap();
    world.deliver_new().await;
    world.drain().await;
    let listed = world.ledger(FLAGS).await;
    let flags = listed["flags"].as_array().unwrap();
    assert_eq!(flags.len(), 1);
    assert_eq!(
        (
            &flags[0]["flag"],
            &flags[0]["payment"],
            &flags[0]["is_open"]
        ),
        (&json!("paid_twice"), &json!(second), &json!(true))
    );
    assert_eq!(flags[0]["at"], json!(world.clock.now()));
    world.at_stripe(second, "refund", json!({})).await;
    world.deliver_new().await;
    world.drain().await;
    let listed = world.ledger(FLAGS).await;
    assert_eq!(listed["flags"][0]["is_open"], false);
    world.clock.advance(DAY);
    let listed = world.ledger(FLAGS).await;
    assert_eq!(listed["flags"], json!([]));
    let that_day = world.ledger(&format!("{FLAGS}?day=2026-11-29")).await;
    assert_eq!(that_day["flags"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn flags_of_unreadable_orders_stay_open() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    let payment = json!({ "amount": PRICE, "currency": "usd", "by": "dashboard",
        "metadata": { "order_id": offer.order_id.to_string() } });
    world.control("/api/stripe/payments", payment).await;
    world.deliver_new().await;
    world.drain().await;
    world
        .tamper(offer.order_id, "credits", text("no number"))
        .await;
    let listed = world.ledger(FLAGS).await;
    assert_eq!(listed["flags"][0]["is_open"], true);
}

#[tokio::test]
async fn ledger_is_unavailable_while_the_table_is_away() {
    let world = World::open().await;
    let parts = payments_ledger::PARTS;
    let state = world.state("payments-ledger", parts).await;
    let routes = payments_ledger::routes();
    for path in [ORDERS, FLAGS] {
        world.cloud.faults().plan(0, Fault::LostBefore);
        let request = TestRequest::get(path).token(OPERATOR_KEY);
        let refused = send(&routes, &state, &world.clock, &request).await;
        world.cloud.faults().clear();
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (503, &json!("store_failed")),
            "{path}"
        );
    }
}
