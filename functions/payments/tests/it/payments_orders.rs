//! `payments-orders`: the public state of an order.

use confab_testkit::{Fault, TestRequest, send};
use payments::routes::payments_orders;
use serde_json::json;

use crate::world::{PRICE, World};

#[tokio::test]
async fn orders_show_their_state_and_nothing_of_the_payer() {
    let world = World::open().await;
    let offer = world.offer_to_number("studio.lite", "usr_secret", "972525550188");
    let page = world.take(&offer).await;
    let view = |state: &str| {
        json!({ "order_id": offer.order_id, "state": state, "item": "studio.lite",
            "amount": { "minor": PRICE, "currency": "USD" } })
    };
    let id = offer.order_id.to_string();
    let pending = world.order_view(&id).await;
    assert_eq!((pending.status, pending.body), (200, view("pending")));
    world.pay(&page, "success").await;
    let unbooked = world.order_view(&id).await;
    assert_eq!(unbooked.body, view("pending"), "it is not booked yet");
    world.deliver_new().await;
    world.drain().await;
    assert_eq!(world.order_view(&id).await.body, view("paid"));
    world.at_stripe(&page, "refund", json!({})).await;
    world.deliver_new().await;
    world.drain().await;
    assert_eq!(world.order_view(&id).await.body, view("refunded"));
}

#[tokio::test]
async fn unknown_and_malformed_ids_get_the_same_answer() {
    let world = World::open().await;
    let unknown = world.new_order_id().to_string();
    for id in [
        unknown.as_str(),
        &unknown[..20],
        &unknown.replacen("ord_", "usr_", 1),
        "ORDER",
        "%00",
        &"x".repeat(8_000),
    ] {
        let refused = world.order_view(id).await;
        assert_eq!(
            (
                refused.status,
                &refused.body["code"],
                &refused.body["title"]
            ),
            (
                404,
                &json!("order_not_found"),
                &json!("There is no such order.")
            ),
            "{id}"
        );
    }
}

#[tokio::test]
async fn orders_are_read_once_and_the_table_may_be_away() {
    let world = World::open().await;
    let parts = payments_orders::PARTS;
    let state = world.state("payments-orders", parts).await;
    let offer = world.offer("studio.lite", "usr_1");
    world.take(&offer).await;
    let request = TestRequest::get(format!("/api/payments/orders/{}", offer.order_id));
    let routes = payments_orders::routes();
    let view = || send(&routes, &state, &world.clock, &request);
    for fault in [Fault::Throttled, Fault::LostBefore, Fault::ReplyLost] {
        world.cloud.faults().plan(0, fault);
        let refused = view().await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (503, &json!("store_failed")),
            "{fault:?}"
        );
    }
    world.cloud.faults().clear();
    assert_eq!(view().await.status, 200);
    let calls = world.cloud.faults().calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].0.ends_with(".GetItem"), "{calls:?}");
}
