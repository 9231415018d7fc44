//! `payments-book`: notices of providers become ledger entries, and events for the products.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use confab_contracts::payments::{Offer, RefundRequested};
use confab_core::{Kind, Result};
use confab_testkit::{Enumeration, Fault, Faults, Scenario, TestRequest, enumerate};
use payments::{State, workers::payments_book};
use serde_json::{Value, json};

use crate::{
    invariants,
    world::{FEE, PRICE, PRODUCT, VISIBILITY_TIMEOUT, World, message},
};

const DAY: Duration = Duration::from_secs(24 * 3600);
const PHONE: &str = "972525550100";

fn entry(kind: &str, amount: i64) -> (String, i64) {
    (kind.to_owned(), amount)
}

/// The report of a provider without a module of its own.
fn report(offer: &Offer, payment: &str, refunded: i64) -> Value {
    json!({ "order_id": offer.order_id.to_string(), "payment": payment, "refunded": refunded,
        "received": { "minor": PRICE, "currency": "USD" } })
}

/// SUMIT's webhook about a payment of the standard tier by `PHONE`.
fn sumit(entity: u32) -> Value {
    json!({ "EntityID": entity, "Properties": { "Property_M-5": [PHONE], "Property_M-10": ["Dana"],
        "Property_M-3": [{ "Name": "Standard" }] } })
}

impl World {
    async fn deliver_sumit(&self, entity: u32) {
        let path = "/payment-received/payment-secret-path";
        let request = TestRequest::new("POST", path).bytes(sumit(entity).to_string());
        self.deliver(&request).await;
    }

    /// Pays with money that is not from the order's checkout page.
    async fn pay_elsewhere(&self, offer: &Offer, amount: i64, currency: &str, by: &str) -> String {
        let id = offer.order_id.to_string();
        let mut payment = json!({ "amount": amount, "currency": currency, "by": by });
        match by {
            "dashboard" => payment["metadata"] = json!({ "order_id": id }),
            _ => payment["client_reference_id"] = json!(id),
        }
        let paid = self.control("/api/stripe/payments", payment).await;
        paid["payment_intent"].as_str().unwrap().to_owned()
    }

    async fn settle(&self) {
        self.deliver_new().await;
        self.drain().await;
    }

    async fn state_of(&self, offer: &Offer) -> Value {
        self.order(offer.order_id).await["state"].take()
    }
}

#[tokio::test]
async fn paid_orders_are_booked_granted_and_announced() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    let entries = world.entries(offer.order_id).await;
    let expected = [
        entry("charge", PRICE),
        entry("credit", 1),
        entry("fee", -FEE),
    ];
    assert_eq!(entries, expected);
    assert_eq!(world.credits("usr_1").await, 1);
    let published = world.published(offer.order_id);
    assert_eq!(published.len(), 1);
    let data = &published[0]["data"];
    assert_eq!(published[0]["type"], "payment_received");
    assert_eq!(
        (&data["amount"], &data["credits"], &data["payer"]),
        (
            &json!({ "minor": PRICE, "currency": "USD" }),
            &json!(1),
            &json!("usr_1")
        )
    );
    invariants::check(&world, "paid").await;
}

#[tokio::test]
async fn copies_and_later_notices_of_a_payment_book_nothing() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    let (entries, notices) = (world.entries(offer.order_id).await, world.notices());
    assert!(notices.len() >= 2, "{notices:?}");
    for notice in notices.iter().chain(&notices) {
        world.book(notice).await.unwrap();
    }
    let mut renamed = notices[0].clone();
    renamed["event"] = json!("stripe#evt_of_a_later_day");
    world.book(&renamed).await.unwrap();
    assert_eq!(world.entries(offer.order_id).await, entries);
    assert_eq!(world.published(offer.order_id).len(), 1);
    invariants::check(&world, "copies").await;
}

#[tokio::test]
async fn notices_in_any_order_end_at_the_state_of_the_provider() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world.pay(&page, "success").await;
    world
        .at_stripe(&page, "refund", json!({ "amount": 500 }))
        .await;
    world.at_stripe(&page, "refund", json!({})).await;
    let events = world.stripe_events().await;
    for event in events.iter().rev() {
        world.deliver(&world.signed(event)).await;
    }
    world.drain().await;
    assert_eq!(world.state_of(&offer).await, "refunded");
    assert_eq!(world.credits("usr_1").await, 0);
    let types = world.published_types(offer.order_id);
    assert_eq!(types, ["payment_received", "payment_refunded"]);
    invariants::check(&world, "late notices").await;
}

#[tokio::test]
async fn declined_cards_leave_an_order_pending() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world.pay(&page, "declined").await;
    world.settle().await;
    assert_eq!(world.state_of(&offer).await, "pending");
    assert!(world.entries(offer.order_id).await.is_empty());
    world.pay(&page, "success").await;
    world.settle().await;
    assert_eq!(world.state_of(&offer).await, "paid");
    invariants::check(&world, "declined").await;
}

#[tokio::test]
async fn bank_debits_are_pending_until_they_settle_or_fail() {
    for (card, state, last) in [
        ("async_success", "paid", "payment_received"),
        ("async_failure", "failed", "payment_failed"),
    ] {
        let world = World::open().await;
        let offer = world.offer("studio.lite", "usr_1");
        let page = world.take(&offer).await;
        world.pay(&page, card).await;
        world.settle().await;
        assert_eq!(world.state_of(&offer).await, "pending", "{card}");
        assert_eq!(world.published_types(offer.order_id), ["payment_pending"]);
        assert!(world.entries(offer.order_id).await.is_empty(), "{card}");
        world.pass(DAY);
        world.settle().await;
        assert_eq!(world.state_of(&offer).await, state, "{card}");
        let mut types = ["payment_pending", last];
        types.sort_unstable();
        assert_eq!(world.published_types(offer.order_id), types, "{card}");
        invariants::check(&world, card).await;
    }
}

#[tokio::test]
async fn abandoned_checkouts_expire() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    world.take(&offer).await;
    world.pass(DAY);
    world.settle().await;
    assert_eq!(world.state_of(&offer).await, "expired");
    let published = world.published(offer.order_id);
    assert_eq!(published.len(), 1);
    assert_eq!(
        (&published[0]["type"], &published[0]["data"]["reason"]),
        (&json!("payment_failed"), &json!("expired"))
    );
    invariants::check(&world, "expired").await;
}

#[tokio::test]
async fn partial_refunds_keep_the_credits_and_a_full_refund_takes_them() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    world
        .at_stripe(&page, "refund", json!({ "amount": 500 }))
        .await;
    world.settle().await;
    assert_eq!(world.state_of(&offer).await, "paid");
    assert_eq!(world.credits("usr_1").await, 1);
    world.at_stripe(&page, "refund", json!({})).await;
    world.settle().await;
    assert_eq!(world.state_of(&offer).await, "refunded");
    assert_eq!(world.credits("usr_1").await, 0);
    let refunds: Vec<_> = world.published(offer.order_id).split_off(1);
    let returned = refunds.iter().map(|event| {
        let data = &event["data"];
        (data["returned"]["minor"].as_i64(), data["is_all"] == true)
    });
    let expected = [(Some(500), false), (Some(PRICE), true)];
    assert_eq!(returned.collect::<Vec<_>>(), expected);
    invariants::check(&world, "refunded").await;
}

#[tokio::test]
async fn failed_refunds_are_money_again_and_flagged() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    let refund = world
        .at_stripe(&page, "refund", json!({ "fate": "waits" }))
        .await;
    world.settle().await;
    let id = refund["id"].as_str().unwrap();
    let path = format!("/api/stripe/refunds/{id}/fail");
    world.control(&path, json!({})).await;
    world.settle().await;
    assert_eq!(world.state_of(&offer).await, "paid");
    let flags = world.flags(offer.order_id).await;
    assert_eq!((flags.len(), flags[0].1.as_str()), (1, "came_back"));
    invariants::check(&world, "failed refund").await;
}

#[tokio::test]
async fn disputes_withdraw_the_money_and_won_ones_are_flagged() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    let dispute = world.at_stripe(&page, "dispute", json!({})).await;
    world.settle().await;
    assert_eq!(world.state_of(&offer).await, "disputed");
    assert_eq!(world.credits("usr_1").await, 0);
    let last = world.published(offer.order_id).pop().unwrap();
    assert_eq!(last["data"]["reason"], "dispute");
    invariants::check(&world, "disputed").await;
    let id = dispute["id"].as_str().unwrap();
    let path = format!("/api/stripe/disputes/{id}/close");
    world.control(&path, json!({ "won": true })).await;
    world.settle().await;
    assert_eq!(world.state_of(&offer).await, "paid");
    assert_eq!(world.flags(offer.order_id).await[0].1, "came_back");
    invariants::check(&world, "won").await;
}

#[tokio::test]
async fn inquiries_move_no_money() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    let entries = world.entries(offer.order_id).await;
    world
        .at_stripe(&page, "dispute", json!({ "inquiry": true }))
        .await;
    world.settle().await;
    assert_eq!(world.state_of(&offer).await, "paid");
    assert_eq!(world.entries(offer.order_id).await, entries);
    invariants::check(&world, "inquiry").await;
}

#[tokio::test]
async fn second_payments_are_flagged_until_they_are_returned() {
    let world = World::open().await;
    let (offer, page) = world.sell("usr_1").await;
    let entries = world.entries(offer.order_id).await;
    let second = world.pay_elsewhere(&offer, PRICE, "usd", "dashboard").await;
    world.settle().await;
    let flagged = [(second.clone(), "paid_twice".to_owned())];
    assert_eq!(world.flags(offer.order_id).await, flagged);
    assert_eq!(world.entries(offer.order_id).await, entries);
    invariants::check(&world, "paid twice").await;
    world
        .at_stripe(&page, "refund", json!({ "amount": 400 }))
        .await;
    world.settle().await;
    assert_eq!(
        world.flags(offer.order_id).await,
        flagged,
        "the first payment says nothing of the second"
    );
    world.at_stripe(&second, "refund", json!({})).await;
    world.settle().await;
    assert!(world.flags(offer.order_id).await.is_empty());
    invariants::check(&world, "returned").await;
}

#[tokio::test]
async fn payments_that_do_not_fit_their_order_are_flagged_and_not_booked() {
    for (amount, currency, by, flag) in [
        (100, "usd", "dashboard", "wrong_amount"),
        (PRICE, "eur", "dashboard", "wrong_currency"),
        (PRICE, "jpy", "dashboard", "wrong_currency"),
        (PRICE, "usd", "payment_link", "foreign_order"),
    ] {
        let world = World::open().await;
        let offer = world.offer("studio.lite", "usr_1");
        if by == "payment_link" {
            world.take(&offer).await;
        } else {
            world.create_without_page(&offer).await;
        }
        let payment = world.pay_elsewhere(&offer, amount, currency, by).await;
        world.settle().await;
        let flags = world.flags(offer.order_id).await;
        assert_eq!(flags, [(payment, flag.to_owned())], "{amount} {currency}");
        assert_eq!(world.order(offer.order_id).await["received"], 0, "{flag}");
        assert!(world.entries(offer.order_id).await.is_empty(), "{flag}");
        assert!(world.published(offer.order_id).is_empty(), "{flag}");
        invariants::check(&world, flag).await;
    }
}

impl World {
    /// Creates an order whose checkout page could not be opened.
    async fn create_without_page(&self, offer: &Offer) {
        let fault = json!({ "http": 500, "path": "checkout/sessions" });
        self.fail_at_stripe(fault).await;
        let refused = self.checkout(&self.checkout_request(offer)).await;
        assert_eq!(refused.status, 503, "{refused:?}");
        assert_eq!(self.state_of(offer).await, "created");
    }
}

#[tokio::test]
async fn payments_of_unknown_orders_are_flagged_and_those_of_other_shops_ignored() {
    let world = World::open().await;
    let unknown = world.offer("studio.lite", "usr_1");
    world
        .pay_elsewhere(&unknown, PRICE, "usd", "dashboard")
        .await;
    let theirs = json!({ "amount": 500, "by": "dashboard" });
    world.control("/api/stripe/payments", theirs).await;
    world.settle().await;
    let flags = world.ledger("/api/payments/ledger/flags").await;
    let flags = flags["flags"].as_array().unwrap();
    assert_eq!(flags.len(), 1, "{flags:?}");
    assert_eq!(flags[0]["flag"], "unknown_order");
    assert!(world.order(unknown.order_id).await.is_null());
    assert!(world.bus_events().is_empty());
    invariants::check(&world, "unknown").await;
}

#[tokio::test]
async fn payments_of_another_checkout_do_not_pay_an_order() {
    let world = World::open().await;
    let (_, cheap_page) = world.sell("usr_1").await;
    let dear = world.offer("studio.premium", "usr_2");
    world.take(&dear).await;
    // Signed, but it says that the cheap page is the dear order's.
    let lie = json!({ "id": "evt_lie", "object": "event", "type": "checkout.session.completed",
        "data": { "object": { "id": cheap_page, "object": "checkout.session",
            "client_reference_id": dear.order_id.to_string() } } });
    world.deliver(&world.signed(&lie)).await;
    world.drain().await;
    assert_eq!(world.state_of(&dear).await, "pending");
    assert_eq!(world.flags(dear.order_id).await[0].1, "foreign_order");
    assert!(world.entries(dear.order_id).await.is_empty());
    invariants::check(&world, "a lie").await;
}

#[tokio::test]
async fn reports_pay_an_order_and_close_its_page_at_stripe() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world
        .deliver(&world.report(&report(&offer, "p-1", 0)))
        .await;
    world.drain().await;
    let order = world.order(offer.order_id).await;
    assert_eq!(
        (&order["state"], &order["provider"], &order["payment"]),
        (&json!("paid"), &json!("generic"), &json!("p-1"))
    );
    let session = world.get_stripe(&format!("checkout/sessions/{page}")).await;
    assert_eq!(session["status"], "expired");
    assert_eq!(world.credits("usr_1").await, 1);
    world.settle().await;
    invariants::check(&world, "reported").await;
}

#[tokio::test]
async fn late_older_reports_do_not_lower_the_refunded_total() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    world.take(&offer).await;
    for refunded in [0, PRICE, 500] {
        let body = report(&offer, "p-1", refunded);
        world.deliver(&world.report(&body)).await;
        world.drain().await;
    }
    let order = world.order(offer.order_id).await;
    assert_eq!(
        (&order["state"], &order["refunded"]),
        (&json!("refunded"), &json!(PRICE))
    );
    invariants::check(&world, "older report").await;
}

#[tokio::test]
async fn reports_that_name_a_payment_of_another_order_are_flagged() {
    let world = World::open().await;
    let (first, second) = (
        world.offer("studio.lite", "usr_1"),
        world.offer("studio.lite", "usr_2"),
    );
    for offer in [&first, &second] {
        world.take(offer).await;
        world.deliver(&world.report(&report(offer, "p-1", 0))).await;
        world.drain().await;
    }
    assert_eq!(world.state_of(&first).await, "paid");
    assert_eq!(world.state_of(&second).await, "pending");
    let flagged = [("p-1".to_owned(), "foreign_order".to_owned())];
    assert_eq!(world.flags(second.order_id).await, flagged);
    invariants::check(&world, "another order's payment").await;
}

#[tokio::test]
async fn sumit_pays_the_order_that_its_payer_was_offered_last() {
    let world = World::open().await;
    let offer = world.offer_to_number("studio.standard", "usr_1", PHONE);
    world.take(&offer).await;
    for _ in 0..3 {
        world.deliver_sumit(7).await;
        world.drain().await;
    }
    let order = world.order(offer.order_id).await;
    assert_eq!(
        (&order["state"], &order["received"]),
        (&json!("paid"), &json!(2_900))
    );
    assert_eq!(world.credits("usr_1").await, 1);
    invariants::check(&world, "sumit").await;
    world.deliver_sumit(8).await;
    world.drain().await;
    let flagged = [("8".to_owned(), "paid_twice".to_owned())];
    assert_eq!(world.flags(offer.order_id).await, flagged);
    assert_eq!(world.credits("usr_1").await, 1);
}

#[tokio::test]
async fn sumit_payments_of_unknown_numbers_are_flagged() {
    let world = World::open().await;
    world.deliver_sumit(7).await;
    world.drain().await;
    let flags = world.ledger("/api/payments/ledger/flags").await;
    assert_eq!(flags["flags"][0]["flag"], "unknown_order");
}

#[tokio::test]
async fn orders_that_no_provider_knows_expire_by_a_check_after_a_day() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    world.create_without_page(&offer).await;
    let check = |name: &str| {
        let notice = json!({ "from": "check", "order_id": offer.order_id.to_string() });
        json!({ "version": "1", "event": name, "notice": notice })
    };
    world.pass(DAY - Duration::from_secs(1));
    world.book(&check("check#1")).await.unwrap();
    assert_eq!(world.state_of(&offer).await, "pending");
    world.pass(Duration::from_secs(1));
    world.book(&check("check#2")).await.unwrap();
    assert_eq!(world.state_of(&offer).await, "expired");
    invariants::check(&world, "no page").await;
}

#[tokio::test]
async fn payments_that_stripe_does_not_know_are_tried_again() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    world.create_without_page(&offer).await;
    let rows = world.rows().await;
    let notice = json!({ "version": "1", "event": "stripe#evt_1", "notice": { "from": "stripe",
        "order_id": offer.order_id.to_string(), "payment": "pi_of_another_account" } });
    let error = world.book(&notice).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Unavailable, "stripe_does_not_know")
    );
    assert_eq!(world.rows().await, rows, "nothing is stored");
}

#[tokio::test]
async fn events_of_a_dead_worker_are_published_after_its_lease() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world.pay(&page, "success").await;
    world.deliver_new().await;
    let notice = world.take_notices().remove(0);
    let state = world.state("payments-book", payments_book::PARTS).await;
    let put_events = 3;
    world.cloud.faults().plan(put_events, Fault::DiesBefore);
    let work = payments_book::handle(state.clone(), message(&notice));
    assert!(world.cloud.faults().run(work).await.is_none());
    let calls = world.cloud.faults().calls();
    assert_eq!(calls.last().unwrap().0, "AWSEvents.PutEvents", "{calls:?}");
    world.cloud.faults().clear();
    assert_eq!(world.credits("usr_1").await, 1, "the decision is saved");
    let error = world.book(&notice).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Unavailable, "in_progress")
    );
    assert!(world.published(offer.order_id).is_empty());
    world.pass(VISIBILITY_TIMEOUT);
    world.book(&notice).await.unwrap();
    assert_eq!(world.published_types(offer.order_id), ["payment_received"]);
    world.drain().await;
    invariants::check(&world, "dead worker").await;
}

#[tokio::test]
async fn concurrent_notices_of_one_order_book_it_once() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world.pay(&page, "success").await;
    world.deliver_new().await;
    let notices = world.take_notices();
    let works = notices
        .iter()
        .chain(&notices)
        .map(|notice| world.book(notice));
    let outcomes = futures::future::join_all(works).await;
    assert!(outcomes.iter().any(Result::is_ok), "{outcomes:?}");
    // The second of two copies may have found the lease of the first.
    world.pass(VISIBILITY_TIMEOUT);
    for notice in &notices {
        world.book(notice).await.unwrap();
    }
    let expected = [
        entry("charge", PRICE),
        entry("credit", 1),
        entry("fee", -FEE),
    ];
    assert_eq!(world.entries(offer.order_id).await, expected);
    invariants::check(&world, "concurrent").await;
}

/// A change at a provider whose last notice is on the queue.
trait Change {
    /// Calls that booking it makes at least.
    const CALLS: usize;

    async fn make(world: &World) -> Offer;
    /// Asserts what is special about it, beside the invariants.
    async fn check(world: &World, offer: &Offer, story: &str);
}

/// The booking of a change, delivered until it succeeds.
struct Booking<C> {
    world: World,
    state: Arc<State>,
    offer: Offer,
    notice: Value,
    change: PhantomData<C>,
}

impl<C: Change> Scenario for Booking<C> {
    async fn arrange() -> Self {
        let world = World::open().await;
        let offer = C::make(&world).await;
        let notice = world.take_notices().pop().unwrap();
        let state = world.state("payments-book", payments_book::PARTS).await;
        Self {
            world,
            state,
            offer,
            notice,
            change: PhantomData,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.world.pass(VISIBILITY_TIMEOUT);
        payments_book::handle(self.state.clone(), message(&self.notice)).await
    }

    async fn check(&self, story: &str) {
        self.world.drain().await;
        C::check(&self.world, &self.offer, story).await;
        invariants::check(&self.world, story).await;
    }
}

async fn enumerate_bookings<C: Change>() {
    let Enumeration { calls, .. } = enumerate::<Booking<C>>().await;
    assert!(calls >= C::CALLS, "{calls}");
}

/// A card pays the checkout page.
struct Paid;

impl Change for Paid {
    const CALLS: usize = 5;

    async fn make(world: &World) -> Offer {
        let offer = world.offer("studio.lite", "usr_1");
        let page = world.take(&offer).await;
        world.pay(&page, "success").await;
        let event = world.stripe_event("checkout.session.completed").await;
        world.deliver(&world.signed(&event)).await;
        offer
    }

    async fn check(world: &World, offer: &Offer, story: &str) {
        assert_eq!(world.state_of(offer).await, "paid", "{story}");
        assert_eq!(world.credits("usr_1").await, 1, "{story}");
    }
}

#[tokio::test]
async fn payments_are_booked_once_whatever_call_fails() {
    enumerate_bookings::<Paid>().await;
}

/// A dispute withdraws the money of a paid order. Its notice names the payment alone.
struct Disputed;

impl Change for Disputed {
    const CALLS: usize = 6;

    async fn make(world: &World) -> Offer {
        let (offer, page) = world.sell("usr_1").await;
        world.at_stripe(&page, "dispute", json!({})).await;
        let event = world.stripe_event("charge.dispute.created").await;
        world.deliver(&world.signed(&event)).await;
        offer
    }

    async fn check(world: &World, offer: &Offer, story: &str) {
        assert_eq!(world.state_of(offer).await, "disputed", "{story}");
        assert_eq!(world.credits("usr_1").await, 0, "{story}");
    }
}

#[tokio::test]
async fn disputes_are_booked_once_whatever_call_fails() {
    enumerate_bookings::<Disputed>().await;
}

/// Another provider reports a payment while the page at Stripe is open.
struct Reported;

impl Change for Reported {
    const CALLS: usize = 5;

    async fn make(world: &World) -> Offer {
        let offer = world.offer("studio.lite", "usr_1");
        world.take(&offer).await;
        world
            .deliver(&world.report(&report(&offer, "p-1", 0)))
            .await;
        offer
    }

    async fn check(world: &World, offer: &Offer, story: &str) {
        assert_eq!(world.state_of(offer).await, "paid", "{story}");
        assert_eq!(world.order(offer.order_id).await["payment"], "p-1");
    }
}

#[tokio::test]
async fn reports_are_booked_once_whatever_call_fails() {
    enumerate_bookings::<Reported>().await;
}

/// The money arrives after the product has requested its refund.
struct PaidAfterRefundRequest;

impl Change for PaidAfterRefundRequest {
    const CALLS: usize = 7;

    async fn make(world: &World) -> Offer {
        let offer = world.offer("studio.lite", "usr_1");
        let page = world.take(&offer).await;
        let request = RefundRequested {
            order_id: offer.order_id,
            product: PRODUCT.to_owned(),
            reason: "no photos".to_owned(),
        };
        world.publish(PRODUCT, request).await;
        world.drain().await;
        world.pay(&page, "success").await;
        let event = world.stripe_event("checkout.session.completed").await;
        world.deliver(&world.signed(&event)).await;
        offer
    }

    async fn check(world: &World, offer: &Offer, story: &str) {
        assert_eq!(world.state_of(offer).await, "refunded", "{story}");
        let refunds = world.get_stripe("refunds").await;
        assert_eq!(refunds["data"].as_array().unwrap().len(), 1, "{story}");
    }
}

#[tokio::test]
async fn awaited_refunds_fall_due_once_whatever_call_fails() {
    enumerate_bookings::<PaidAfterRefundRequest>().await;
}

/// A second payment of a paid order.
struct PaidTwice;

impl Change for PaidTwice {
    const CALLS: usize = 4;

    async fn make(world: &World) -> Offer {
        let (offer, _) = world.sell("usr_1").await;
        world.pay_elsewhere(&offer, PRICE, "usd", "dashboard").await;
        let event = world.stripe_event("payment_intent.succeeded").await;
        world.deliver(&world.signed(&event)).await;
        offer
    }

    async fn check(world: &World, offer: &Offer, story: &str) {
        let flags = world.flags(offer.order_id).await;
        assert_eq!(flags.len(), 1, "{story}: {flags:?}");
        let listed = world.ledger("/api/payments/ledger/flags").await;
        assert_eq!(listed["flags"].as_array().unwrap().len(), 1, "{story}");
    }
}

#[tokio::test]
async fn second_payments_are_flagged_once_whatever_call_fails() {
    enumerate_bookings::<PaidTwice>().await;
}
