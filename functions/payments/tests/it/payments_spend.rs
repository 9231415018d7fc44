//! `payments-spend`: takes credits of a payer, once for each sealed spend.

use std::{sync::Arc, time::Duration};

use confab_contracts::payments::Spend;
use confab_core::{Clock, Error, Result, before};
use confab_testkit::{
    Enumeration, Fault, Faults, Scenario, TestRequest, TestResponse, enumerate, send,
};
use payments::{State, routes::payments_spend};
use serde_json::{Value, json};

use crate::{invariants, world::World};

const PATH: &str = "/api/payments/spend/";

impl World {
    fn spend_request(&self, spend: &Spend) -> TestRequest {
        TestRequest::post(PATH, json!({ "spend": self.seal(spend) }))
    }

    async fn post_spend(&self, request: &TestRequest) -> TestResponse {
        let parts = payments_spend::PARTS;
        self.send("payments-spend", parts, payments_spend::routes(), request)
            .await
    }

    async fn spend(&self, spend: &Spend) -> TestResponse {
        self.post_spend(&self.spend_request(spend)).await
    }
}

#[tokio::test]
async fn spends_take_credits_once_however_often_they_are_sent() {
    let world = World::open().await;
    world.sell("usr_1").await;
    world.sell("usr_1").await;
    let spend = world.new_spend("usr_1", 1);
    for _ in 0..3 {
        let spent = world.spend(&spend).await;
        assert_eq!((spent.status, &spent.body), (200, &json!({ "balance": 1 })));
    }
    let other = world.spend(&world.new_spend("usr_1", 1)).await;
    assert_eq!((other.status, &other.body), (200, &json!({ "balance": 0 })));
    let copy = world.spend(&spend).await;
    assert_eq!((copy.status, &copy.body), (200, &json!({ "balance": 0 })));
    invariants::check(&world, "spent").await;
}

#[tokio::test]
async fn spends_are_refused_with_a_reason_and_take_nothing() {
    let world = World::open().await;
    world.sell("usr_1").await;
    let spend = world.new_spend("usr_1", 1);
    let sealed = world.seal(&spend);
    let expired = world.seal_until(&spend, before(world.clock.now(), Duration::from_secs(1)));
    let offer = world.offer("studio.lite", "usr_1");
    let other_product = Spend {
        product: "rooms".to_owned(),
        ..world.new_spend("usr_1", 1)
    };
    let body = |spend: String| json!({ "spend": spend });
    let of = |spend: &Spend| body(world.seal(spend));
    let cut_off = sealed[..sealed.len() - 9].to_owned();
    let rows = world.rows().await;
    for (body, status, code) in [
        (body("e30.e30".to_owned()), 401, "unauthenticated"),
        (body(cut_off), 401, "unauthenticated"),
        (body(world.seal(&offer)), 401, "unauthenticated"),
        (body(expired), 401, "expired"),
        (json!({}), 400, "bad_json"),
        (json!({ "spend": sealed, "credits": 1 }), 400, "bad_json"),
        (Value::Null, 400, "bad_json"),
        (body("x".repeat(64 * 1024)), 413, "too_large"),
        (of(&world.new_spend("usr_1", 0)), 400, "nothing_to_spend"),
        (of(&world.new_spend("usr_1", 2)), 409, "too_few_credits"),
        (
            of(&world.new_spend("usr_1", u32::MAX)),
            409,
            "too_few_credits",
        ),
        (of(&world.new_spend("usr_2", 1)), 409, "too_few_credits"),
        (of(&other_product), 409, "too_few_credits"),
    ] {
        let refused = world
            .post_spend(&TestRequest::post(PATH, body.clone()))
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
async fn refused_spends_can_be_made_when_there_are_credits() {
    let world = World::open().await;
    let spend = world.new_spend("usr_1", 1);
    assert_eq!(world.spend(&spend).await.status, 409);
    world.sell("usr_1").await;
    let spent = world.spend(&spend).await;
    assert_eq!((spent.status, &spent.body), (200, &json!({ "balance": 0 })));
    invariants::check(&world, "spent later").await;
}

#[tokio::test]
async fn refunds_of_spent_credits_leave_a_debt() {
    let world = World::open().await;
    let (_, page) = world.sell("usr_1").await;
    assert_eq!(world.spend(&world.new_spend("usr_1", 1)).await.status, 200);
    world.at_stripe(&page, "refund", json!({})).await;
    world.deliver_new().await;
    world.drain().await;
    assert_eq!(world.credits("usr_1").await, -1);
    assert_eq!(world.spend(&world.new_spend("usr_1", 1)).await.status, 409);
    invariants::check(&world, "debt").await;
}

#[tokio::test]
async fn concurrent_spends_take_the_last_credit_once() {
    let world = World::open().await;
    world.sell("usr_1").await;
    let requests: Vec<_> = (0..8)
        .map(|_| world.spend_request(&world.new_spend("usr_1", 1)))
        .collect();
    let sent = requests.iter().map(|request| world.post_spend(request));
    let answers = futures::future::join_all(sent).await;
    let count = |status| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((count(200), count(409)), (1, 7), "{answers:?}");
    assert_eq!(world.credits("usr_1").await, 0);
    invariants::check(&world, "concurrent").await;
}

#[tokio::test]
async fn spends_are_tried_again_while_the_table_is_away() {
    let world = World::open().await;
    world.sell("usr_1").await;
    let state = world.state("payments-spend", payments_spend::PARTS).await;
    let request = world.spend_request(&world.new_spend("usr_1", 1));
    world.cloud.faults().plan(0, Fault::Throttled);
    let refused = send(&payments_spend::routes(), &state, &world.clock, &request).await;
    world.cloud.faults().clear();
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (503, &json!("store_failed"))
    );
    assert_eq!(world.credits("usr_1").await, 1);
}

/// A product spends a credit of two until it is answered.
struct Spending {
    world: World,
    state: Arc<State>,
    request: TestRequest,
}

impl Scenario for Spending {
    async fn arrange() -> Self {
        let world = World::open().await;
        world.sell("usr_1").await;
        world.sell("usr_1").await;
        let request = world.spend_request(&world.new_spend("usr_1", 1));
        let state = world.state("payments-spend", payments_spend::PARTS).await;
        Self {
            world,
            state,
            request,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        let (routes, clock) = (payments_spend::routes(), &self.world.clock);
        let spent = send(&routes, &self.state, clock, &self.request).await;
        match spent.status {
            200 => Ok(()),
            status => Err(Error::unavailable("not_spent", status.to_string())),
        }
    }

    async fn check(&self, story: &str) {
        assert_eq!(self.world.credits("usr_1").await, 1, "{story}");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn credits_are_spent_once_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Spending>().await;
    assert!(calls >= 2, "{calls}");
}
