//! `payments-reconcile`: finds what no notice has reported, and counts what differs.

use std::{sync::Arc, time::Duration};

use confab_aws::{Condition, Table, number, text};
use confab_contracts::payments::Offer;
use confab_core::{Clock, Kind, Result, before};
use confab_lambda::ScheduledRun;
use confab_testkit::{Enumeration, Faults, Scenario, enumerate};
use payments::{State, workers::payments_reconcile};
use serde_json::{Value, json};

use crate::{
    invariants,
    world::{PRICE, World},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
/// A schedule's period, and a minute.
const RUN: Duration = Duration::from_secs(16 * 60);

impl World {
    /// Writes the cursor of an earlier run, so that a run compares no more than the time since.
    async fn reconciled_before(&self, time: Duration) {
        let until = before(self.clock.now(), time);
        let row = Table::to_row("RECONCILED", "RECONCILED", &json!({ "until": until }));
        let table = self.table();
        let put = table.put(row.unwrap(), Condition::none()).await;
        assert!(put.unwrap());
    }

    async fn cursor(&self) -> Value {
        self.partition("RECONCILED").await.remove(0)["until"].take()
    }

    /// Runs the schedule a quarter of an hour later, and works on what it has queued.
    async fn run_schedule(&self) {
        self.pass(RUN);
        self.reconcile().await.unwrap();
        self.drain().await;
    }

    async fn differences(&self) -> usize {
        self.partition("DIFFERENCES").await.len()
    }

    async fn state_name(&self, offer: &Offer) -> String {
        let order = self.order(offer.order_id).await;
        order["state"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn payments_and_refunds_without_a_notice_are_found() {
    let world = World::open().await;
    world.reconciled_before(MINUTE).await;
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world.pay(&page, "success").await;
    world.run_schedule().await;
    assert_eq!(world.state_name(&offer).await, "paid");
    assert_eq!(world.credits("usr_1").await, 1);
    world.at_stripe(&page, "refund", json!({})).await;
    world.run_schedule().await;
    assert_eq!(world.state_name(&offer).await, "refunded");
    world.run_schedule().await;
    assert_eq!(world.differences().await, 0);
    invariants::check(&world, "reconciled").await;
}

#[tokio::test]
async fn first_runs_look_back_three_days_and_move_the_cursor() {
    let world = World::open().await;
    let offer = world.offer("studio.lite", "usr_1");
    let page = world.take(&offer).await;
    world.pay(&page, "success").await;
    world.pass(2 * 24 * HOUR);
    world.reconcile().await.unwrap();
    let until = before(world.clock.now(), 10 * MINUTE);
    assert_eq!(world.cursor().await, json!(until));
    world.drain().await;
    assert_eq!(world.state_name(&offer).await, "paid");
    invariants::check(&world, "first run").await;
}

#[tokio::test]
async fn open_orders_are_checked_after_half_an_hour_until_they_expire() {
    let world = World::open().await;
    world.reconciled_before(MINUTE).await;
    let offer = world.offer("studio.lite", "usr_1");
    world.take(&offer).await;
    world.pass(30 * MINUTE);
    world.reconcile().await.unwrap();
    assert!(world.take_notices().is_empty(), "it is not older");
    world.pass(Duration::from_secs(1));
    world.reconcile().await.unwrap();
    let notices = world.take_notices();
    let check = json!({ "from": "check", "order_id": offer.order_id.to_string() });
    assert_eq!((notices.len(), &notices[0]["notice"]), (1, &check));
    world.book(&notices[0]).await.unwrap();
    assert_eq!(world.state_name(&offer).await, "pending");
    world.pass(24 * HOUR);
    world.reconciled_before(MINUTE).await;
    world.run_schedule().await;
    assert_eq!(world.state_name(&offer).await, "expired");
    world.pass(2 * HOUR);
    world.reconciled_before(MINUTE).await;
    world.reconcile().await.unwrap();
    assert!(world.take_notices().is_empty(), "it is settled");
    invariants::check(&world, "expired").await;
}

#[tokio::test]
async fn differences_are_kept_until_the_ledger_agrees() {
    let world = World::open().await;
    world.reconciled_before(MINUTE).await;
    let (offer, _) = world.sell("usr_1").await;
    world
        .tamper(offer.order_id, "received", number(9_999))
        .await;
    for _ in 0..3 {
        world.run_schedule().await;
        assert_eq!(world.differences().await, 1);
    }
    world
        .tamper(offer.order_id, "received", number(PRICE))
        .await;
    world.run_schedule().await;
    assert_eq!(world.differences().await, 0);
}

#[tokio::test]
async fn unreadable_orders_differ_and_stop_no_other() {
    let world = World::open().await;
    world.reconciled_before(MINUTE).await;
    let (broken, page) = world.sell("usr_1").await;
    world.at_stripe(&page, "refund", json!({})).await;
    world
        .tamper(broken.order_id, "credits", text("no number"))
        .await;
    let sound = world.offer("studio.lite", "usr_2");
    let page = world.take(&sound).await;
    world.pay(&page, "success").await;
    world.pass(RUN);
    world.reconcile().await.unwrap();
    let until = before(world.clock.now(), 10 * MINUTE);
    assert_eq!(world.cursor().await, json!(until), "the cursor passes it");
    assert!(world.differences().await >= 1);
    for notice in world.take_notices() {
        if let Err(error) = world.book(&notice).await {
            assert_eq!(error.code(), "unreadable_row", "{notice}");
        }
    }
    assert_eq!(world.state_name(&sound).await, "paid");
    world.tamper(broken.order_id, "credits", number(1)).await;
    world.run_schedule().await;
    assert_eq!(world.state_name(&broken).await, "refunded");
    world.run_schedule().await;
    assert_eq!(world.differences().await, 0);
    invariants::check(&world, "repaired").await;
}

#[tokio::test]
async fn flagged_payments_are_compared_until_their_flag_ends() {
    let world = World::open().await;
    world.reconciled_before(MINUTE).await;
    let (offer, _) = world.sell("usr_1").await;
    // The payment behind a link names no order: its page does.
    let payment = json!({ "amount": PRICE, "currency": "usd", "by": "payment_link",
        "client_reference_id": offer.order_id.to_string() });
    let second = world.control("/api/stripe/payments", payment).await;
    world.deliver_new().await;
    world.drain().await;
    assert_eq!(world.flags(offer.order_id).await.len(), 1);
    world.run_schedule().await;
    assert_eq!(world.differences().await, 1);
    let session = second["session"].as_str().unwrap();
    world.at_stripe(session, "refund", json!({})).await;
    world.run_schedule().await;
    assert!(world.flags(offer.order_id).await.is_empty());
    world.run_schedule().await;
    assert_eq!(world.differences().await, 0);
    invariants::check(&world, "flag ended").await;
}

#[tokio::test]
async fn payments_of_other_shops_and_of_missing_orders_are_not_compared_again() {
    let world = World::open().await;
    world.reconciled_before(MINUTE).await;
    let missing = world.new_order_id().to_string();
    for metadata in [json!({}), json!({ "order_id": missing })] {
        let payment = json!({ "amount": 500, "by": "dashboard", "metadata": metadata });
        world.control("/api/stripe/payments", payment).await;
    }
    world.run_schedule().await;
    assert_eq!(world.differences().await, 0);
    let flags = world.ledger("/api/payments/ledger/flags").await;
    assert_eq!(flags["flags"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn runs_without_time_stop_and_keep_the_cursor() {
    let world = World::open().await;
    world.reconciled_before(HOUR).await;
    let cursor = world.cursor().await;
    let parts = payments_reconcile::PARTS;
    let state = world.state("payments-reconcile", parts).await;
    let run = ScheduledRun {
        time_left: Duration::from_secs(5),
        ..world.scheduled_run()
    };
    let error = payments_reconcile::handle(state, run).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Unavailable, "out_of_time")
    );
    assert_eq!(world.cursor().await, cursor);
}

#[tokio::test]
async fn outages_of_stripe_fail_the_run_after_its_other_steps() {
    let world = World::open().await;
    world.reconciled_before(MINUTE).await;
    let cursor = world.cursor().await;
    let offer = world.offer("studio.lite", "usr_1");
    world.take(&offer).await;
    world.pass(31 * MINUTE);
    world
        .fail_at_stripe(json!({ "http": 500, "path": "events", "times": 2 }))
        .await;
    let error = world.reconcile().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (Kind::Unavailable, "stripe_busy")
    );
    assert_eq!(world.take_notices().len(), 1, "the open order is checked");
    assert_eq!(world.cursor().await, cursor);
    world.reconcile().await.unwrap();
    assert_ne!(world.cursor().await, cursor);
}

/// A run over a payment that nothing has reported, and an order that stays open.
struct Reconciliation {
    world: World,
    state: Arc<State>,
    paid: Offer,
    run: ScheduledRun,
}

impl Scenario for Reconciliation {
    async fn arrange() -> Self {
        let world = World::open().await;
        world.reconciled_before(Duration::ZERO).await;
        let (paid, open) = (
            world.offer("studio.lite", "usr_1"),
            world.offer("studio.lite", "usr_2"),
        );
        let page = world.take(&paid).await;
        world.take(&open).await;
        world.pay(&page, "success").await;
        world.pass(31 * MINUTE);
        let parts = payments_reconcile::PARTS;
        let state = world.state("payments-reconcile", parts).await;
        let run = world.scheduled_run();
        Self {
            world,
            state,
            paid,
            run,
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        payments_reconcile::handle(self.state.clone(), self.run).await
    }

    async fn check(&self, story: &str) {
        let until = before(self.run.at, 10 * MINUTE);
        assert_eq!(self.world.cursor().await, json!(until), "{story}");
        self.world.drain().await;
        assert_eq!(self.world.state_name(&self.paid).await, "paid", "{story}");
        self.world.run_schedule().await;
        assert_eq!(self.world.differences().await, 0, "{story}");
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn unreported_payments_are_booked_whatever_call_fails() {
    let Enumeration { calls, .. } = enumerate::<Reconciliation>().await;
    assert!(calls >= 10, "{calls}");
}
