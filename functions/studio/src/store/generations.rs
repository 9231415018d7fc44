//! How far the making of an order's photos is: what was asked of their maker, and what it said.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Condition, Row, Table, number};
use confab_core::{CorrelationId, OrderId, Result, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use studio_domain::Order;

use super::Store;

/// Longer than an order may take, and than its photos lie at their maker.
const KEPT: Duration = Duration::from_secs(40 * 24 * 3600);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Making {
    pub(crate) person: UserId,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) order: Order,
    /// Before this moment nothing of it was made.
    pub(crate) asked_at: Timestamp,
    /// Whoever asks the maker does so until then at the latest, and the maker has done what it will do of it.
    attempt_until_ms: i64,
    /// An attempt may have been heard: look before asking again.
    pub(crate) is_unclear: bool,
    /// Of a model that was used before: its latest prompt that is of another order.
    #[serde(default)]
    pub(crate) after_prompt: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tune: Option<i64>,
    expires_at: i64,
}

/// What whoever comes to ask the maker finds.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Nobody else asks until the given time is over.
    Mine(Making),
    SomebodyElses,
    Begun(Making),
}

/// The maker's clock and ours.
const CLOCKS_DIFFER: Duration = Duration::from_secs(600);

impl Making {
    /// By the maker's clock.
    pub(crate) fn asked_since(&self) -> Timestamp {
        self.asked_at
            .checked_sub(CLOCKS_DIFFER)
            .unwrap_or(self.asked_at)
    }
}

fn key(order: OrderId) -> Row {
    Table::key(format!("MAKE#{order}"), "MAKE")
}

impl Store {
    pub(crate) async fn making(&self, order: OrderId) -> Result<Option<Making>> {
        self.table.get(key(order)).await
    }

    /// One worker at a time asks for an order.
    pub(crate) async fn attempt(
        &self,
        person: UserId,
        order: &Order,
        correlation_id: CorrelationId,
        lasts: Duration,
    ) -> Result<Attempt> {
        let now = self.clock.now();
        let until = now.checked_add(lasts).unwrap_or(now).as_millisecond();
        let Some(known) = self.making(order.id).await? else {
            let making = Making {
                person,
                correlation_id,
                order: order.clone(),
                asked_at: now,
                attempt_until_ms: until,
                is_unclear: false,
                after_prompt: 0,
                tune: None,
                expires_at: now.as_second() + KEPT.as_secs().cast_signed(),
            };
            let row = Table::to_row(format!("MAKE#{}", order.id), "MAKE", &making)?;
            return Ok(match self.table.put(row, Condition::not_exists()).await? {
                true => Attempt::Mine(making),
                false => Attempt::SomebodyElses,
            });
        };
        if known.tune.is_some() {
            return Ok(Attempt::Begun(known));
        }
        if known.attempt_until_ms > now.as_millisecond() {
            return Ok(Attempt::SomebodyElses);
        }
        let when = is_known()
            .and("attempt_until_ms = :was")
            .value(":until", number(until))
            .value(":was", number(known.attempt_until_ms));
        Ok(
            match self
                .change(order.id, "SET attempt_until_ms = :until", when)
                .await?
            {
                true => Attempt::Mine(Making {
                    attempt_until_ms: until,
                    ..known
                }),
                false => Attempt::SomebodyElses,
            },
        )
    }

    /// From now on the maker may have heard of it. False when the order was forgotten in the meantime.
    pub(crate) async fn asks(&self, order: OrderId, after_prompt: i64) -> Result<bool> {
        let when = is_known()
            .value(":yes", AttributeValue::Bool(true))
            .value(":after", number(after_prompt));
        self.change(order, "SET is_unclear = :yes, after_prompt = :after", when)
            .await
    }

    /// The maker was asked and says that it has done nothing: the next one may ask at once. An earlier attempt may have
    /// been heard all the same.
    pub(crate) async fn was_not_heard(&self, order: OrderId, is_unclear: bool) -> Result<()> {
        let when = is_known()
            .value(":unclear", AttributeValue::Bool(is_unclear))
            .value(":zero", number(0));
        self.change(
            order,
            "SET is_unclear = :unclear, attempt_until_ms = :zero",
            when,
        )
        .await
        .map(drop)
    }

    /// False when the order was forgotten in the meantime.
    pub(crate) async fn began(&self, order: OrderId, tune: i64) -> Result<bool> {
        self.change(
            order,
            "SET tune = :tune",
            is_known().value(":tune", number(tune)),
        )
        .await
    }

    pub(super) async fn forget_order(&self, order: OrderId) -> Result<()> {
        let rating = self
            .table
            .transact_delete(super::ratings::key(order), Condition::none())?;
        self.table
            .transact(vec![
                self.table.transact_delete(key(order), Condition::none())?,
                rating,
            ])
            .await
            .map(drop)
    }

    async fn change(&self, order: OrderId, expression: &str, when: Condition) -> Result<bool> {
        Ok(self
            .table
            .update(key(order), expression, when)
            .await?
            .is_some())
    }
}

/// What was forgotten does not come back.
fn is_known() -> Condition {
    Condition::expression("attribute_exists(pk)")
}
