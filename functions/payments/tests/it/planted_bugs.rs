//! A worker that books reports over the table and the bus of payments, with a bug in each of its
//! versions. The enumeration and the invariants must find every one.

use std::marker::PhantomData;

use confab_aws::{Bus, Condition, Row, Table, number};
use confab_contracts::{Event, payments::Offer};
use confab_core::{Clock, CorrelationId, EffectId, EventId, Money, Result, RowId};
use confab_lambda::OsEntropy;
use confab_testkit::{Faults, Scenario, TestClock, enumerate};
use payments_domain::{
    Account, Booking, LedgerEntry, Order, OutboxEvent, PaymentReport, ProviderSnapshot, book,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    invariants,
    world::{PRICE, VISIBILITY_TIMEOUT, World},
};

/// The bug of a worker.
trait Bug {
    const PUBLISHES_BEFORE_IT_SAVES: bool = false;
    const DROPS_THE_ERROR_OF_A_SEND: bool = false;
    const SAVES_IN_TWO_STEPS: bool = false;
}

struct NoBug;
impl Bug for NoBug {}

struct EffectBeforeCommit;
impl Bug for EffectBeforeCommit {
    const PUBLISHES_BEFORE_IT_SAVES: bool = true;
}

struct DroppedError;
impl Bug for DroppedError {
    const DROPS_THE_ERROR_OF_A_SEND: bool = true;
}

struct TornWrite;
impl Bug for TornWrite {
    const SAVES_IN_TWO_STEPS: bool = true;
}

struct Worker<B> {
    table: Table,
    bus: Bus,
    clock: TestClock,
    bug: PhantomData<B>,
}

/// An event to publish, as the outbox has it.
struct Outgoing {
    id: EffectId,
    event: OutboxEvent,
}

fn json_of<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

fn read<T: DeserializeOwned>(row: &Value) -> T {
    serde_json::from_value(row.clone()).unwrap()
}

/// Adds the members of one object to another.
fn merge(row: &mut Value, members: &Value) {
    let members = members.as_object().unwrap().clone();
    row.as_object_mut().unwrap().extend(members);
}

impl<B: Bug> Worker<B> {
    /// Books a report, and publishes what an earlier attempt has saved and not published.
    async fn handle(&self, report: &PaymentReport) -> Result<()> {
        let pk = format!("ORDER#{}", report.order_id);
        let keys = Condition::expression("pk = :pk").value(":pk", confab_aws::text(&pk));
        let rows = self.table.query_consistent(keys, 100).await?;
        let rows: Vec<Value> = rows
            .into_iter()
            .map(Table::from_row)
            .collect::<Result<_>>()?;
        let of_kind = |prefix: &str| -> Vec<&Value> {
            let is_of_kind = |row: &&Value| row["sk"].as_str().unwrap().starts_with(prefix);
            rows.iter().filter(is_of_kind).collect()
        };
        let unpublished = of_kind("TELL#").into_iter();
        for row in unpublished.filter(|row| row["settled"] == false) {
            let (id, event) = (read(&row["id"]), read(&row["tell"]));
            self.publish_and_settle(&pk, &Outgoing { id, event })
                .await?;
        }
        let stored = of_kind("ORDER")[0];
        let order: Order = read(stored);
        let snapshot = ProviderSnapshot::from_report(&order, report, false);
        let booking = book(order.clone(), &snapshot);
        if booking.order == order {
            return Ok(());
        }
        self.decide(&pk, stored, &booking).await
    }

    async fn decide(&self, pk: &str, stored: &Value, booking: &Booking) -> Result<()> {
        let now = self.clock.now();
        let events = booking.events.iter().map(|event| Outgoing {
            id: EffectId::new(now, &OsEntropy),
            event: event.clone(),
        });
        let events: Vec<_> = events.collect();
        if B::PUBLISHES_BEFORE_IT_SAVES {
            for outgoing in &events {
                self.publish(outgoing).await?;
            }
        }
        self.save(pk, stored, booking, &events).await?;
        if B::PUBLISHES_BEFORE_IT_SAVES {
            return Ok(());
        }
        for outgoing in &events {
            self.publish_and_settle(pk, outgoing).await?;
        }
        Ok(())
    }

    async fn save(
        &self,
        pk: &str,
        stored: &Value,
        booking: &Booking,
        events: &[Outgoing],
    ) -> Result<()> {
        let order = &booking.order;
        let put = |row: Row| self.table.transact_put(row, Condition::none());
        let mut writes = Vec::new();
        for entry in &booking.entries {
            writes.push(put(self.entry_row(order, entry)?)?);
            if let LedgerEntry::Credits { .. } = entry {
                let key = Table::key(account_pk(order, &entry.account()), "BALANCE");
                let values = Condition::none().value(":change", number(entry.amount()));
                let add = "ADD credits :change";
                writes.push(self.table.transact_update(key, add, values)?);
            }
        }
        for Outgoing { id, event } in events {
            let row = json!({ "id": id, "order_id": order.id, "tell": event, "cause": "test",
                "correlation_id": order.correlation_id, "settled": B::PUBLISHES_BEFORE_IT_SAVES });
            writes.push(put(Table::to_row(pk, format!("TELL#{id}"), &row)?)?);
        }
        let payment = order.payment.as_deref().unwrap();
        let pointer = json!({ "order_id": order.id });
        let pointer_pk = format!("PAYMENT#generic#{payment}");
        writes.push(put(Table::to_row(pointer_pk, "PAYMENT", &pointer)?)?);
        if B::SAVES_IN_TWO_STEPS {
            self.table.transact(std::mem::take(&mut writes)).await?;
        }
        let version = stored["version"].as_u64().unwrap();
        let mut row = stored.clone();
        merge(&mut row, &json_of(order));
        row["version"] = json!(version + 1);
        row.as_object_mut().unwrap().remove("open");
        let row = Table::to_row(pk, "ORDER", &row)?;
        writes.push(self.table.transact_put(row, Condition::version(version))?);
        self.table.transact(writes).await.map(drop)
    }

    fn entry_row(&self, order: &Order, entry: &LedgerEntry) -> Result<Row> {
        let now = self.clock.now();
        let id = RowId::new(now, &OsEntropy);
        let mut row = json!({ "id": id, "kind": entry.kind(), "amount": entry.amount(),
            "order_id": order.id, "at": now });
        merge(&mut row, &json_of(&entry.account()));
        Table::to_row(
            account_pk(order, &entry.account()),
            format!("ROW#{id}"),
            &row,
        )
    }

    async fn publish_and_settle(&self, pk: &str, outgoing: &Outgoing) -> Result<()> {
        let published = self.publish(outgoing).await;
        if !B::DROPS_THE_ERROR_OF_A_SEND {
            published?;
        }
        let key = Table::key(pk, format!("TELL#{}", outgoing.id));
        let values = Condition::none();
        let yes = aws_sdk_dynamodb::types::AttributeValue::Bool(true);
        let update = self
            .table
            .update(key, "SET settled = :yes", values.value(":yes", yes));
        update.await.map(drop)
    }

    async fn publish(&self, Outgoing { id, event }: &Outgoing) -> Result<()> {
        let OutboxEvent::Received(data) = event else {
            return Ok(());
        };
        let event = Event::new(
            EventId::of_effect(*id),
            id.made_at(),
            "payments",
            CorrelationId::of_event("test"),
            "test",
            data.clone(),
        );
        self.bus.publish(&[event]).await
    }
}

fn account_pk(order: &Order, account: &Account) -> String {
    match account {
        Account::Order | Account::Fees => format!("ORDER#{}", order.id),
        Account::Credits { product, payer } => format!("CREDITS#{product}#{payer}"),
    }
}

/// A report of a payment, delivered until it is booked.
struct Report<B> {
    world: World,
    worker: Worker<B>,
    report: PaymentReport,
}

fn report(offer: &Offer) -> PaymentReport {
    PaymentReport {
        order_id: offer.order_id,
        payment: "p-1".to_owned(),
        received: Some(Money::new(PRICE, confab_core::Currency::Usd)),
        refunded: 0,
        has_failed: false,
    }
}

impl<B: Bug> Scenario for Report<B> {
    async fn arrange() -> Self {
        let world = World::open().await;
        let offer = world.offer("studio.lite", "usr_1");
        world.take(&offer).await;
        let (env, aws) = (world.cloud.env("payments-book"), world.cloud.aws("outside"));
        let worker = Worker {
            table: world.table(),
            bus: Bus::new(&aws, env.required("CONFAB_EVENT_BUS").unwrap()),
            clock: world.clock.clone(),
            bug: PhantomData,
        };
        Self {
            world,
            worker,
            report: report(&offer),
        }
    }

    fn faults(&self) -> &Faults {
        self.world.cloud.faults()
    }

    async fn act(&self) -> Result<()> {
        self.world.pass(VISIBILITY_TIMEOUT);
        self.worker.handle(&self.report).await
    }

    async fn check(&self, story: &str) {
        invariants::check(&self.world, story).await;
    }
}

#[tokio::test]
async fn workers_without_a_bug_pass_the_enumeration() {
    let ran = enumerate::<Report<NoBug>>().await;
    assert!(ran.calls >= 4, "{ran:?}");
}

#[tokio::test]
#[should_panic(expected = "is on the bus without its row")]
async fn effects_before_the_commit_are_found() {
    enumerate::<Report<EffectBeforeCommit>>().await;
}

#[tokio::test]
#[should_panic(expected = "is not on the bus")]
async fn dropped_errors_of_a_send_are_found() {
    enumerate::<Report<DroppedError>>().await;
}

#[tokio::test]
#[should_panic(expected = "a payment is not booked exactly once")]
async fn torn_writes_are_found() {
    enumerate::<Report<TornWrite>>().await;
}
