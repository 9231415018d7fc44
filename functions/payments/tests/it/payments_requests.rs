//! `payments-requests`: refunds that products request, and credits of delivered orders.

use std::{marker::PhantomData, sync::Arc};

use confab_contracts::payments::{CreditUsed, Offer, RefundRequested};
use confab_core::{Kind, Result};
use confab_testkit::{Enumeration, Faults, Scenario, enumerate, sample};
use payments::{State, workers::payments_requests};
use serde_json::{Value, json};

use crate::{
    invariants,
    world::{FEE, PRICE, PRODUCT, VISIBILITY_TIMEOUT, World, message},
};

fn refund(offer: &Offer) -> RefundRequested {
    RefundRequested {
        order_id: offer.order_id,
        product: PRODUCT.to_owned(),
        reason: "no photos".to_owned(),
    }
}

fn credit(offer: &Offer) -> CreditUsed {
    CreditUsed {
        order_id: offer.order_id,
        product: PRODUCT.to_owned(),
    }
}

impl World {
    /// Delivers and works on everything, and checks the invariants.
    async fn rest(&self, story: &str) {
        self.deliver_new().await;
        self.drain().await;
        invariants::check(self, story).await;
    }

    async fn refunds(&self) -> Vec<Value> {
        let refunds = self.get_stripe("refunds").await;
        refunds["data"].as_array().cloned().unwrap()
    }

    async fn report_payment(&self, offer: &Offer, refunded: i64) {
        let report = json!({ "order_id": offer.order_id.to_string(), "payment": "p-1",
            "refunded": refunded, "received": { "minor": PRICE, "currency": "USD" } });
        self.deliver(&self.report(&report)).await;
    }

    async fn spends(&self, offer: &Offer) -> usize {
        let entries = self.entries(offer.order_id).await;
        entries.iter().filter(|(kind, _)| kind == "spend").count()
    }
}

#[tokio::test]
async fn requested_refunds_are_made_and_booked_once() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    for _ in 0..3 {
        world.publish(PRODUCT, refund(&offer)).await;
    }
    world.rest("three requests").await;
    world.publish(PRODUCT, refund(&offer)).await;
    world.rest("a late request").await;
    let refunds = world.refunds().await;
    assert_eq!(refunds.len(), 1);
    assert_eq!(refunds[0]["amount"], PRICE);
    let order = world.order(offer.order_id).await;
    assert_eq!(
        (&order["state"], &order["refund"]),
        (
            &json!("refunded"),
            &json!({ "reason": "no photos", "step": "made" })
        )
    );
    assert_eq!(world.credits("usr_1").await, 0);
    let types = world.published_types(offer.order_id);
    assert_eq!(types, ["payment_received", "payment_refunded"]);
}

#[tokio::test]
async fn refunds_are_booked_without_a_webhook_of_stripe() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    world.publish(PRODUCT, refund(&offer)).await;
    world.drain().await;
    assert_eq!(world.order(offer.order_id).await["state"], "refunded");
    invariants::check(&world, "no webhook").await;
}

#[tokio::test]
async fn requests_return_the_rest_of_a_partly_refunded_payment() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    world
        .at_stripe(&page, "refund", json!({ "amount": 400 }))
        .await;
    world.publish(PRODUCT, refund(&offer)).await;
    world.rest("the rest").await;
    let amounts: i64 = world
        .refunds()
        .await
        .iter()
        .filter_map(|refund| refund["amount"].as_i64())
        .sum();
    assert_eq!(amounts, PRICE);
    assert_eq!(world.order(offer.order_id).await["state"], "refunded");
}

#[tokio::test]
async fn requests_after_a_full_refund_change_nothing() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    world.at_stripe(&page, "refund", json!({})).await;
    world.rest("refunded").await;
    let rows = world.rows().await;
    world.publish(PRODUCT, refund(&offer)).await;
    world.drain().await;
    assert_eq!(world.rows().await, rows);
    assert_eq!(world.refunds().await.len(), 1);
}

#[tokio::test]
async fn requests_before_the_money_are_kept_and_fall_due_with_it() {
    for card in ["success", "async_success"] {
        let world = World::open().await;
        let offer = world.offer("studio.lite", "usr_1");
        let page = world.take(&offer).await;
        if card == "async_success" {
            world.pay(&page, card).await;
            world.deliver_new().await;
        }
        world.publish(PRODUCT, refund(&offer)).await;
        world.rest("requested").await;
        let order = world.order(offer.order_id).await;
        assert_eq!(order["refund"]["step"], "wanted", "{card}");
        assert!(world.refunds().await.is_empty(), "{card}");
        if card == "success" {
            world.pay(&page, card).await;
        } else {
            world.pass(VISIBILITY_TIMEOUT);
        }
        world.rest(card).await;
        assert_eq!(
            world.order(offer.order_id).await["state"],
            "refunded",
            "{card}"
        );
        assert_eq!(world.refunds().await.len(), 1, "{card}");
        assert_eq!(world.credits("usr_1").await, 0, "{card}");
    }
}

#[tokio::test]
async fn requests_find_a_payment_whose_notice_is_late() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world.pay(&page, "success").await;
    world.publish(PRODUCT, refund(&offer)).await;
    world.drain().await;
    assert_eq!(world.order(offer.order_id).await["state"], "refunded");
    world.rest("late notices").await;
}

#[tokio::test]
async fn requests_about_orders_of_others_change_nothing() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    let rows = world.rows().await;
    let unknown = world.offer("studio.lite", "usr_1");
    let product = "rooms".to_owned();
    let theirs = RefundRequested {
        product: product.clone(),
        ..refund(&offer)
    };
    world.publish("rooms", theirs).await;
    let theirs = CreditUsed {
        product,
        ..credit(&offer)
    };
    world.publish("rooms", theirs).await;
    world.publish(PRODUCT, refund(&unknown)).await;
    world.publish(PRODUCT, credit(&unknown)).await;
    world.drain().await;
    assert_eq!(world.rows().await, rows);
    assert!(world.refunds().await.is_empty());
}

#[tokio::test]
async fn refunds_that_stripe_refuses_are_flagged_for_the_operator() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    world
        .fail_at_stripe(json!({ "http": 400, "path": "refunds" }))
        .await;
    world.publish(PRODUCT, refund(&offer)).await;
    world.rest("refused").await;
    let order = world.order(offer.order_id).await;
    assert_eq!(
        (&order["state"], &order["refund"]["step"]),
        (&json!("paid"), &json!("refused"))
    );
    assert_eq!(world.flags(offer.order_id).await[0].1, "refund_by_hand");
    world.at_stripe(&page, "refund", json!({})).await;
    world.rest("made by hand").await;
    assert!(world.flags(offer.order_id).await.is_empty());
}

#[tokio::test]
async fn refunds_with_an_unclear_answer_are_tried_again_and_made_once() {
    for fault in [
        json!({ "path": "refunds", "drop_after": true }),
        json!({ "path": "refunds", "drop_before": true }),
        json!({ "path": "refunds", "http": 500 }),
        json!({ "path": "refunds", "http": 500, "kept": true }),
        json!({ "path": "refunds", "http": 401 }),
    ] {
        let world = World::open().await;
        let (offer, _) = world.sell("usr_1").await;
        world.fail_at_stripe(fault.clone()).await;
        world.publish(PRODUCT, refund(&offer)).await;
        let request = world.take_requests().remove(0);
        let error = world.request(&request).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (Kind::Unavailable, "not_refunded")
        );
        let order = world.order(offer.order_id).await;
        assert_eq!(order["refund"]["step"], "wanted", "{fault}");
        world.request(&request).await.unwrap();
        world.rest(&fault.to_string()).await;
        assert_eq!(world.refunds().await.len(), 1, "{fault}");
    }
}

#[tokio::test]
async fn refunds_without_a_provider_api_are_flagged_until_they_are_made() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    world.take(&offer).await;
    world.report_payment(&offer, 0).await;
    world.rest("reported").await;
    for _ in 0..3 {
        world.publish(PRODUCT, refund(&offer)).await;
    }
    world.rest("requested").await;
    let flagged = [("p-1".to_owned(), "refund_by_hand".to_owned())];
    assert_eq!(world.flags(offer.order_id).await, flagged);
    let listed = world.ledger("/api/payments/ledger/flags").await;
    assert_eq!(listed["flags"].as_array().unwrap().len(), 1);
    world.report_payment(&offer, PRICE).await;
    world.rest("returned").await;
    assert!(world.flags(offer.order_id).await.is_empty());
}

#[tokio::test]
async fn disputed_money_is_refunded_only_after_it_returns() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    let dispute = world.at_stripe(&page, "dispute", json!({})).await;
    world.rest("disputed").await;
    world.publish(PRODUCT, refund(&offer)).await;
    world.rest("requested").await;
    assert_eq!(world.flags(offer.order_id).await[0].1, "refund_by_hand");
    assert!(world.refunds().await.is_empty());
    let id = dispute["id"].as_str().unwrap();
    let path = format!("/api/stripe/disputes/{id}/close");
    world.control(&path, json!({ "won": true })).await;
    world.rest("won").await;
    assert_eq!(world.order(offer.order_id).await["state"], "refunded");
    assert_eq!(world.refunds().await.len(), 1);
}

#[tokio::test]
async fn credits_of_delivered_orders_are_taken_once_each() {
    let world = World::open().await;
    let (first, _) = world.sell("usr_1").await;
    let (second, _) = world.sell("usr_1").await;
    for _ in 0..3 {
        world.publish(PRODUCT, credit(&first)).await;
    }
    world.rest("delivered").await;
    assert_eq!(
        (world.spends(&first).await, world.credits("usr_1").await),
        (1, 1)
    );
    world.publish(PRODUCT, credit(&second)).await;
    world.publish(PRODUCT, credit(&first)).await;
    world.rest("both delivered").await;
    assert_eq!(
        (world.spends(&second).await, world.credits("usr_1").await),
        (1, 0)
    );
    assert_eq!(world.order(first.order_id).await["used"], true);
}

#[tokio::test]
async fn credits_that_are_gone_are_not_taken_from_other_orders() {
    let world = World::open().await;
    let (returned, page) = world.sell("usr_1").await;
    world.sell("usr_1").await;
    world.at_stripe(&page, "refund", json!({})).await;
    world.rest("returned").await;
    world.publish(PRODUCT, credit(&returned)).await;
    world.rest("returned and delivered").await;
    assert_eq!(world.credits("usr_1").await, 1);
    let unpaid = world.offer("studio.lite", "usr_1");
    world.take(&unpaid).await;
    world.publish(PRODUCT, credit(&unpaid)).await;
    world.rest("not paid").await;
    assert_eq!(world.credits("usr_1").await, 1);
    assert_eq!(world.order(unpaid.order_id).await["used"], false);
}

#[tokio::test]
async fn credits_that_were_spent_otherwise_are_not_taken_later() {
    let world = World::open().await;
    let (spent, _) = world.sell("usr_1").await;
    let spend = json!({ "spend": world.seal(&world.new_spend("usr_1", 1)) });
    let request = confab_testkit::TestRequest::post("/api/payments/spend/", spend);
    let (parts, routes) = {
        use payments::routes::payments_spend;
        (payments_spend::PARTS, payments_spend::routes())
    };
    let answer = world.send("payments-spend", parts, routes, &request).await;
    assert_eq!(answer.status, 200);
    world.publish(PRODUCT, credit(&spent)).await;
    world.rest("spent otherwise").await;
    assert_eq!(world.order(spent.order_id).await["used"], true);
    world.sell("usr_1").await;
    world.publish(PRODUCT, credit(&spent)).await;
    world.rest("a late copy").await;
    assert_eq!(world.credits("usr_1").await, 1);
}

#[tokio::test]
async fn requests_of_an_unknown_version_fail_by_their_own_fault() {
    let world = World::open().await;
    for name in ["refund-requested", "credit-used"] {
        let event = sample("payments", &format!("payments-requests.{name}"));
        let body = event["Records"][0]["body"].as_str().unwrap();
        let mut request: Value = serde_json::from_str(body).unwrap();
        world.request(&request).await.unwrap();
        request["detail"]["version"] = json!(2);
        let error = world.request(&request).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (Kind::Internal, "unknown_version")
        );
    }
    assert!(world.rows().await.is_empty());
}

/// A request of a product that waits on the queue.
trait Wish {
    /// Calls that fulfilling it makes at least.
    const CALLS: usize;

    async fn make(world: &World) -> Offer;
    /// Asserts what is special about it, beside the invariants.
    async fn check(world: &World, offer: &Offer, story: &str);
}

/// A request, delivered until it succeeds.
struct Fulfillment<W> {
    world: World,
    state: Arc<State>,
    offer: Offer,
    request: Value,
    wish: PhantomData<W>,
}

impl<W: Wish> Scenario for Fulfillment<W> {
    async fn arrange() -> Self {
        let world = World::open().await;
        let offer = W::make(&world).await;
        let request = world.take_requests().pop().unwrap();
        let parts = payments_requests::PARTS;
        let state = world.state("payments-requests", parts).await;
        Self {
            world,
            state,
            offer,
            request,
            wish: PhantomData,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.world.pass(VISIBILITY_TIMEOUT);
        payments_requests::handle(self.state.clone(), message(&self.request)).await
    }

    async fn check(&self, story: &str) {
        self.world.deliver_new().await;
        self.world.drain().await;
        W::check(&self.world, &self.offer, story).await;
        invariants::check(&self.world, story).await;
    }
}

async fn enumerate_requests<W: Wish>() {
    let Enumeration { calls, .. } = enumerate::<Fulfillment<W>>().await;
    assert!(calls >= W::CALLS, "{calls}");
}

/// The refund of a paid order.
struct Refunding;

impl Wish for Refunding {
    const CALLS: usize = 6;

    async fn make(world: &World) -> Offer {
        let (offer, _) = world.sell("usr_1").await;
        world.publish(PRODUCT, refund(&offer)).await;
        offer
    }

    async fn check(world: &World, offer: &Offer, story: &str) {
        assert_eq!(world.refunds().await.len(), 1, "{story}");
        let order = world.order(offer.order_id).await;
        assert_eq!(order["state"], "refunded", "{story}");
        assert_eq!(order["refund"]["step"], "made", "{story}");
    }
}

#[tokio::test]
async fn refunds_are_made_once_whatever_call_fails() {
    enumerate_requests::<Refunding>().await;
}

/// The refund of an order whose payment nothing has reported yet.
struct RefundingUnreported;

impl Wish for RefundingUnreported {
    const CALLS: usize = 3;

    async fn make(world: &World) -> Offer {
        let offer = world.offer("studio.lite", "usr_1");
        let page = world.take(&offer).await;
        world.publish(PRODUCT, refund(&offer)).await;
        world.pay(&page, "success").await;
        offer
    }

    async fn check(world: &World, offer: &Offer, story: &str) {
        assert_eq!(world.refunds().await.len(), 1, "{story}");
        let order = world.order(offer.order_id).await;
        assert_eq!(order["state"], "refunded", "{story}");
    }
}

#[tokio::test]
async fn refunds_of_late_payments_are_made_once_whatever_call_fails() {
    enumerate_requests::<RefundingUnreported>().await;
}

/// The credit of one of two orders is used.
struct Using;

impl Wish for Using {
    const CALLS: usize = 3;

    async fn make(world: &World) -> Offer {
        let (offer, _) = world.sell("usr_1").await;
        world.sell("usr_1").await;
        world.publish(PRODUCT, credit(&offer)).await;
        offer
    }

    async fn check(world: &World, offer: &Offer, story: &str) {
        let expected = ["charge", "credit", "fee", "spend"];
        let amounts = [PRICE, 1, -FEE, -1];
        let expected: Vec<_> = expected
            .map(str::to_owned)
            .into_iter()
            .zip(amounts)
            .collect();
        assert_eq!(world.entries(offer.order_id).await, expected, "{story}");
        assert_eq!(world.credits("usr_1").await, 1, "{story}");
    }
}

#[tokio::test]
async fn credits_are_used_once_whatever_call_fails() {
    enumerate_requests::<Using>().await;
}
