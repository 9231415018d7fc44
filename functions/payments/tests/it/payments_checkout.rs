//! `payments-checkout`: sealed offers become orders with a checkout page, or wait behind a link.

use std::{sync::Arc, time::Duration};

use confab_contracts::payments::{Offer, Spend};
use confab_core::{Clock, Error, Result, after, before};
use confab_testkit::{Enumeration, Faults, Scenario, TestRequest, enumerate, send};
use payments::{State, routes::payments_checkout};
use serde_json::{Value, json};

use crate::{
    invariants,
    world::{PRICE, World},
};

const CHECKOUT: &str = "/api/payments/checkout/";
const OFFERS: &str = "/api/payments/offers/";
const HOUR: Duration = Duration::from_secs(3600);

impl World {
    async fn store_offer(&self, offer: &Offer) -> confab_testkit::TestResponse {
        let body = json!({ "offer": self.seal(offer) });
        self.checkout(&TestRequest::post(OFFERS, body)).await
    }

    /// Lists the checkout sessions at Stripe.
    async fn sessions(&self) -> Vec<Value> {
        let sessions = self.get_stripe("checkout/sessions").await;
        sessions["data"].as_array().cloned().unwrap()
    }
}

#[tokio::test]
async fn offers_become_orders_with_the_price_of_the_list() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let taken = world.checkout(&world.checkout_request(&offer)).await;
    let price = json!({ "minor": PRICE, "currency": "USD" });
    let body = json!({ "order_id": offer.order_id, "state": "pending", "item": "studio.lite",
        "amount": price, "url": taken.body["url"] });
    assert_eq!((taken.status, &taken.body), (200, &body));
    let sessions = world.sessions().await;
    assert_eq!(sessions.len(), 1);
    let session = &sessions[0];
    assert_eq!(session["url"], taken.body["url"]);
    assert_eq!(session["amount_total"], PRICE);
    assert_eq!(session["metadata"]["order_id"], offer.order_id.to_string());
    assert_eq!(
        (&session["success_url"], &session["cancel_url"]),
        (
            &json!("https://shop.example/thanks"),
            &json!("https://shop.example/thanks?cancelled=1")
        )
    );
    let order = world.order(offer.order_id).await;
    assert_eq!(
        (&order["checkout"], &order["credits"]),
        (&session["id"], &json!(1))
    );
    invariants::check(&world, "taken").await;
}

#[tokio::test]
async fn repeated_checkouts_are_one_order_with_one_page() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let request = world.checkout_request(&offer);
    let (first, second) = tokio::join!(world.checkout(&request), world.checkout(&request));
    world.clock.advance(HOUR);
    let third = world.checkout(&request).await;
    assert_eq!((first.status, &first.body), (200, &second.body));
    assert_eq!(third.body, first.body);
    assert_eq!(world.sessions().await.len(), 1);
    invariants::check(&world, "repeated").await;
}

#[tokio::test]
async fn orders_without_need_of_payment_have_no_page() {
    let world = World::open().await;
    let (offer, _) = world.sell("usr_1").await;
    let again = world.checkout(&world.checkout_request(&offer)).await;
    assert_eq!((again.status, &again.body["state"]), (200, &json!("paid")));
    assert_eq!(again.body["url"], Value::Null);
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world.pay(&page, "async_success").await;
    world.deliver_new().await;
    world.drain().await;
    let again = world.checkout(&world.checkout_request(&offer)).await;
    assert_eq!(
        (again.status, &again.body["state"]),
        (200, &json!("pending"))
    );
    assert_eq!(again.body["url"], Value::Null, "a debit is on its way");
}

#[tokio::test]
async fn checkouts_are_refused_with_a_reason_and_change_nothing() {
    let world = World::open().await;
    let taken = world.offer("studio.lite", "usr_1");
    world.take(&taken).await;
    let offer = world.offer("studio.lite", "usr_2");
    let sealed = world.seal(&offer);
    let expired = world.seal_until(&offer, before(world.clock.now(), HOUR));
    let cut_off = sealed[..sealed.len() - 9].to_owned();
    let spend: Spend = world.new_spend("usr_1", 1);
    let unsold = world.offer("studio.unheard_of", "usr_1");
    let mut another = taken.clone();
    another.purchase.item = "studio.premium".to_owned();
    let retitled = Offer {
        title: "Another title".to_owned(),
        ..taken.clone()
    };
    let sealed = |offer: String| json!({ "offer": offer });
    let rows = world.rows().await;
    for (body, status, code) in [
        (sealed("e30.e30".to_owned()), 401, "unauthenticated"),
        (sealed(String::new()), 401, "unauthenticated"),
        (sealed(cut_off), 401, "unauthenticated"),
        (sealed(world.seal(&spend)), 401, "unauthenticated"),
        (sealed(expired), 401, "expired"),
        (json!({ "offer": "x", "amount": 1 }), 400, "bad_json"),
        (json!({}), 400, "bad_json"),
        (json!([]), 400, "bad_json"),
        (Value::Null, 400, "bad_json"),
        (sealed("x".repeat(64 * 1024)), 413, "too_large"),
        (sealed(world.seal(&unsold)), 422, "not_for_sale"),
        (sealed(world.seal(&another)), 409, "another_order"),
        (sealed(world.seal(&retitled)), 409, "another_offer"),
    ] {
        let refused = world
            .checkout(&TestRequest::post(CHECKOUT, body.clone()))
            .await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (status, &json!(code)),
            "{body}"
        );
    }
    assert_eq!(world.rows().await, rows);
    assert_eq!(world.sessions().await.len(), 1);
}

#[tokio::test]
async fn orders_older_than_22_hours_open_no_page() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let request = world.checkout_request(&offer);
    let first = world.checkout(&request).await;
    world.clock.advance(22 * HOUR - Duration::from_secs(1));
    assert_eq!(world.checkout(&request).await.body, first.body);
    world.clock.advance(Duration::from_secs(1));
    let refused = world.checkout(&request).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("offer_over"))
    );
}

#[tokio::test]
async fn outages_of_stripe_leave_an_order_that_can_be_taken_again() {
    for (fault, status) in [
        (json!({ "http": 500 }), 503),
        (json!({ "http": 429 }), 503),
        (json!({ "http": 401 }), 503),
        (json!({ "drop_before": true }), 503),
        (json!({ "drop_after": true }), 503),
        (json!({ "http": 400 }), 500),
    ] {
        let world = World::open().await;
        let offer = world.offer("studio.lite", "usr_1");
        world.fail_at_stripe(fault.clone()).await;
        let refused = world.checkout(&world.checkout_request(&offer)).await;
        assert_eq!(refused.status, status, "{fault}");
        world.take(&offer).await;
        assert_eq!(world.sessions().await.len(), 1, "{fault}");
        invariants::check(&world, &fault.to_string()).await;
    }
}

#[tokio::test]
async fn stored_failures_of_stripe_do_not_block_an_order() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    world
        .fail_at_stripe(json!({ "http": 500, "kept": true }))
        .await;
    let refused = world.checkout(&world.checkout_request(&offer)).await;
    assert_eq!(refused.status, 503, "the failure is new");
    world.take(&offer).await;
    assert_eq!(world.sessions().await.len(), 1);
}

#[tokio::test]
async fn stored_offers_last_a_day_at_most_and_no_shorter_when_stored_again() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let stored = world.store_offer(&offer).await;
    let in_a_day = after(world.clock.now(), 24 * HOUR);
    let body = json!({ "order_id": offer.order_id, "expires_at": in_a_day });
    assert_eq!((stored.status, &stored.body), (201, &body));
    let shorter = Offer {
        expires_at: Some(after(world.clock.now(), HOUR)),
        ..offer.clone()
    };
    let stored = world.store_offer(&shorter).await;
    assert_eq!(stored.status, 201);
    let pk = format!("OFFER#{}", offer.order_id);
    let row = world.partition(&pk).await.remove(0);
    assert_eq!(row["expires_at"], in_a_day.as_second());
    world.clock.advance(HOUR);
    world.store_offer(&offer).await;
    let row = world.partition(&pk).await.remove(0);
    assert_eq!(row["expires_at"], in_a_day.as_second() + 3600);
    assert!(
        world.order(offer.order_id).await.is_null(),
        "nothing is ordered yet"
    );
    assert!(world.sessions().await.is_empty());
}

#[tokio::test]
async fn offers_are_refused_with_a_reason_and_stored_unchanged() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    world.store_offer(&offer).await;
    let unsold = world.offer("studio.unheard_of", "usr_1");
    let mut another = offer.clone();
    another.purchase.payer = "usr_2".to_owned();
    let expired = world.seal_until(&offer, world.clock.now());
    let rows = world.rows().await;
    for (body, status, code) in [
        (json!({ "offer": "e30.e30" }), 401, "unauthenticated"),
        (json!({ "offer": expired }), 401, "expired"),
        (json!({ "offer": 7 }), 400, "bad_json"),
        (json!({ "offer": "x".repeat(64 * 1024) }), 413, "too_large"),
        (json!({ "offer": world.seal(&unsold) }), 422, "not_for_sale"),
        (
            json!({ "offer": world.seal(&another) }),
            409,
            "another_order",
        ),
    ] {
        let refused = world
            .checkout(&TestRequest::post(OFFERS, body.clone()))
            .await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (status, &json!(code)),
            "{body}"
        );
    }
    assert_eq!(world.rows().await, rows);
}

#[tokio::test]
async fn rows_hold_no_phone_number() {
    let world = World::open().await;
    let offer = world.offer_to_number("studio.lite", "usr_1", "972525550188");
    world.store_offer(&offer).await;
    world.take(&offer).await;
    let rows = json!(world.rows().await).to_string();
    assert!(rows.contains("PAYER#"), "{rows}");
    assert!(!rows.contains("5550188"), "{rows}");
}

/// A payer takes an offer until there is a page.
struct Taking {
    world: World,
    state: Arc<State>,
    offer: Offer,
    request: TestRequest,
}

impl Scenario for Taking {
    async fn arrange() -> Self {
        let world = World::open().await;
        let offer = world.offer_to_number("studio.lite", "usr_1", "972525550188");
        let request = world.checkout_request(&offer);
        let parts = payments_checkout::PARTS;
        let state = world.state("payments-checkout", parts).await;
        Self {
            world,
            state,
            offer,
            request,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let (routes, clock) = (payments_checkout::routes(), &self.world.clock);
        let taken = send(&routes, &self.state, clock, &self.request).await;
        match (taken.status, taken.body["url"].as_str()) {
            (200, Some(_)) => Ok(()),
            _ => Err(Error::unavailable("not_taken", taken.status.to_string())),
        }
    }

    async fn check(&self, story: &str) {
        let sessions = self.world.sessions().await;
        assert_eq!(sessions.len(), 1, "{story}");
        let order = self.world.order(self.offer.order_id).await;
        assert_eq!(order["checkout"], sessions[0]["id"], "{story}");
        let page = sessions[0]["id"].as_str().unwrap();
        self.world.pay(page, "success").await;
        self.world.deliver_new().await;
        self.world.drain().await;
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn offers_are_one_order_with_one_page_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Taking>().await;
    assert!(calls >= 3, "{calls}");
}

/// A product stores an offer until it has the link.
struct Storing {
    world: World,
    state: Arc<State>,
    request: TestRequest,
}

impl Scenario for Storing {
    async fn arrange() -> Self {
        let world = World::open().await;
        let offer = world.offer("studio.lite", "usr_1");
        let body = json!({ "offer": world.seal(&offer) });
        let parts = payments_checkout::PARTS;
        let state = world.state("payments-checkout", parts).await;
        Self {
            world,
            state,
            request: TestRequest::post(OFFERS, body),
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let (routes, clock) = (payments_checkout::routes(), &self.world.clock);
        let stored = send(&routes, &self.state, clock, &self.request).await;
        match stored.status {
            201 => Ok(()),
            status => Err(Error::unavailable("not_stored", status.to_string())),
        }
    }

    async fn check(&self, story: &str) {
        let rows = self.world.rows().await;
        assert_eq!(rows.len(), 1, "{story}: {rows:?}");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn offers_are_stored_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Storing>().await;
    assert!(calls >= 2, "{calls}");
}
