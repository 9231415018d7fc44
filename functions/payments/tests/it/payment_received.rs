//! `payment-received`: webhooks of providers are verified and queued.

use std::{sync::Arc, time::Duration};

use confab_core::{Clock, Error, Result, after, before};
use confab_testkit::{
    Enumeration, Fault, Faults, Scenario, TestRequest, TestResponse, enumerate, samples, send,
};
use payments::{State, routes::payment_received};
use serde_json::{Value, json};

use crate::{invariants, world::World};

const SUMIT_PATH: &str = "/payment-received/payment-secret-path";
const SECRET: &str = "whsec_local";

fn event(id: &str, kind: &str, object: Value) -> Value {
    json!({ "id": id, "object": "event", "type": kind, "data": { "object": object } })
}

fn refunded(payment: &str) -> Value {
    let charge = json!({ "id": "ch_1", "object": "charge", "payment_intent": payment });
    event("evt_1", "charge.refunded", charge)
}

#[tokio::test]
async fn stripe_events_are_queued_with_the_ids_that_they_name() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world.pay(&page, "success").await;
    let event = world.stripe_event("checkout.session.completed").await;
    let response = world.receive(&world.signed(&event)).await;
    assert_eq!((response.status, response.text.as_str()), (200, ""));
    let payment = &world.payments().await[0]["payment_intent"];
    let notice = json!({ "from": "stripe", "order_id": offer.order_id.to_string(),
        "checkout": page, "payment": payment });
    let id = format!("stripe#{}", event["id"].as_str().unwrap());
    let job = json!({ "version": "1", "event": id, "notice": notice });
    assert_eq!(world.notices(), [job]);
}

#[tokio::test]
async fn copies_of_an_event_are_one_message() {
    let world = World::open().await;
    for _ in 0..3 {
        world.deliver(&world.signed(&refunded("pi_1"))).await;
        world.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(world.notices().len(), 1);
}

#[tokio::test]
async fn events_without_money_of_ours_are_accepted_and_not_queued() {
    let world = World::open().await;
    let customer = json!({ "id": "cus_1", "object": "customer" });
    let charge = json!({ "id": "ch_1", "object": "charge" });
    let thin = json!({ "id": "evt_3", "object": "v2.core.event",
        "type": "v1.billing.meter.no_meter_found" });
    for event in [
        event("evt_1", "customer.created", customer),
        event("evt_2", "charge.refunded", charge),
        thin,
    ] {
        world.deliver(&world.signed(&event)).await;
    }
    assert!(world.notices().is_empty());
}

#[tokio::test]
async fn unverified_notices_are_refused_and_not_queued() {
    let world = World::open().await;
    let body = refunded("pi_1").to_string();
    let now = world.clock.now();
    let tolerated = Duration::from_secs(301);
    let stripe = |signature: String| {
        TestRequest::new("POST", "/payment-received")
            .bytes(body.clone())
            .header("stripe-signature", signature)
    };
    let valid = world.signature(SECRET, &body, now);
    let report = world.report(&json!({}));
    let cases = [
        stripe(world.signature("whsec_other", &body, now)),
        stripe(world.signature(SECRET, &body, before(now, tolerated))),
        stripe(world.signature(SECRET, &body, after(now, tolerated))),
        stripe(world.signature(SECRET, "{}", now)),
        stripe(String::new()),
        stripe("t=1,v1=00".to_owned()),
        // The signature of one scheme is none of the other.
        TestRequest::new("POST", "/payment-received")
            .bytes(body.clone())
            .header("x-signature", valid),
        TestRequest::new("POST", "/payment-received")
            .bytes(body.clone())
            .header("x-signature", "t=1"),
        TestRequest::new("POST", "/payment-received").bytes(body.clone()),
        TestRequest::new("POST", "/api/payments/webhook/").bytes(body.clone()),
        TestRequest::new("POST", "/payment-received/guess").bytes(body.clone()),
        TestRequest::new("POST", "/payment-received/payment-secret-path2").bytes(body.clone()),
        // A valid path does not replace a signature.
        TestRequest::new("POST", SUMIT_PATH)
            .bytes(body.clone())
            .header("stripe-signature", "t=1,v1=00"),
    ];
    for request in cases {
        let refused = world.receive(&request).await;
        assert_eq!(
            (refused.status, refused.code()),
            (401, "unauthenticated"),
            "{request:?}"
        );
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert!(!refused.text.contains("whsec"), "{refused:?}");
    }
    assert!(world.notices().is_empty());
    assert_eq!(world.receive(&report).await.status, 400, "it is signed");
}

#[tokio::test]
async fn malformed_notices_are_refused_and_not_queued() {
    let world = World::open().await;
    let signed = |body: &str| {
        let signature = world.signature(SECRET, body, world.clock.now());
        TestRequest::new("POST", "/payment-received")
            .bytes(body)
            .header("stripe-signature", signature)
    };
    let order = world.new_order_id().to_string();
    let report = |payment: &str| {
        world.report(&json!({ "order_id": order, "payment": payment,
            "received": { "minor": 1_900, "currency": "USD" } }))
    };
    for (request, code) in [
        (signed(""), "bad_json"),
        (signed("{"), "bad_json"),
        (signed("[]"), "bad_json"),
        (signed("{}"), "no_event"),
        (world.report(&json!({})), "bad_notice"),
        (world.report(&json!({ "order_id": "ord_1" })), "bad_notice"),
        (report(""), "bad_notice"),
        (report(&"p".repeat(256)), "bad_notice"),
        (TestRequest::new("POST", SUMIT_PATH).bytes("{"), "bad_json"),
        (
            TestRequest::new("POST", SUMIT_PATH).bytes([0xff, 0xfe]),
            "bad_json",
        ),
        (
            TestRequest::new("POST", SUMIT_PATH).bytes("{}"),
            "no_entity",
        ),
    ] {
        let refused = world.receive(&request).await;
        let found = (refused.status, refused.code());
        assert_eq!(found, (400, code), "{request:?}");
    }
    assert!(world.notices().is_empty());
}

#[tokio::test]
async fn notices_over_a_megabyte_are_refused_before_they_are_verified() {
    let world = World::open().await;
    let huge = vec![b' '; 1024 * 1024 + 1];
    let refused = world
        .receive(&TestRequest::new("POST", SUMIT_PATH).bytes(huge))
        .await;
    assert_eq!((refused.status, refused.code()), (413, "too_large"));
    let largest = vec![b' '; 1024 * 1024];
    let refused = world
        .receive(&TestRequest::new("POST", SUMIT_PATH).bytes(largest))
        .await;
    assert_eq!((refused.status, refused.code()), (400, "bad_json"));
    assert!(world.notices().is_empty());
}

#[tokio::test]
async fn equal_reports_are_queued_once_and_other_reports_again() {
    let world = World::open().await;
    let order = world.new_order_id().to_string();
    let report = |refunded: i64| {
        json!({ "order_id": order, "payment": "p-1", "refunded": refunded,
            "received": { "minor": 1_900, "currency": "USD" } })
    };
    for refunded in [0, 0, 500, 0] {
        world.deliver(&world.report(&report(refunded))).await;
    }
    let refunds: Vec<_> = world
        .notices()
        .iter()
        .map(|job| job["notice"]["refunded"].clone())
        .collect();
    assert_eq!(refunds, [0, 500]);
}

#[tokio::test]
async fn sumit_is_known_by_its_path_and_its_payers_by_their_number() {
    let world = World::open().await;
    let body = samples::payment("sumit").body;
    world
        .deliver(&TestRequest::new("POST", SUMIT_PATH).bytes(body))
        .await;
    let notice = json!({ "from": "sumit", "entity": "123456789", "phone": "16505550100",
        "item": "studio.standard" });
    assert_eq!(world.notices()[0]["notice"], notice);
}

#[tokio::test]
async fn notices_are_refused_while_the_queue_does_not_answer() {
    let world = World::open().await;
    let state = world
        .state("payment-received", payment_received::PARTS)
        .await;
    let request = world.signed(&refunded("pi_1"));
    for fault in [Fault::Throttled, Fault::LostBefore] {
        world.cloud.faults().plan(0, fault);
        let refused = receive(&world, &state, &request).await;
        assert_eq!((refused.status, refused.code()), (503, "queue_failed"));
        assert_eq!(refused.header("retry-after"), "1");
        world.cloud.faults().clear();
    }
    assert!(world.notices().is_empty());
    assert_eq!(receive(&world, &state, &request).await.status, 200);
}

async fn receive(world: &World, state: &Arc<State>, request: &TestRequest) -> TestResponse {
    send(&payment_received::routes(), state, &world.clock, request).await
}

/// Stripe delivers an event until it is accepted.
struct Delivery {
    world: World,
    state: Arc<State>,
    event: Value,
}

impl Scenario for Delivery {
    async fn arrange() -> Self {
        let world = World::open().await;
        let page = world.take(&world.offer("studio.lite", "usr_1")).await;
        world.pay(&page, "success").await;
        let event = world.stripe_event("checkout.session.completed").await;
        let state = world
            .state("payment-received", payment_received::PARTS)
            .await;
        Self {
            world,
            state,
            event,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        // Each attempt is signed anew.
        self.world.clock.advance(Duration::from_secs(600));
        let request = self.world.signed(&self.event);
        match receive(&self.world, &self.state, &request).await.status {
            200 => Ok(()),
            status => Err(Error::unavailable("not_accepted", status.to_string())),
        }
    }

    async fn check(&self, story: &str) {
        assert!(!self.world.notices().is_empty(), "{story}");
        self.world.drain().await;
        assert_eq!(self.world.credits("usr_1").await, 1, "{story}");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn accepted_notices_are_booked_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Delivery>().await;
    assert!(calls >= 1, "{calls}");
}
