//! Generations: the requests of orders' photos to Astria.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Condition, Row, Table, number};
use confab_core::{CorrelationId, OrderId, Result, Timestamp, UserId, after, before};
use serde::{Deserialize, Serialize};
use studio_domain::Order;

use super::Store;

/// Generations are kept longer than orders may take, and longer than their models live.
const GENERATION_TTL: Duration = Duration::from_secs(40 * 24 * 3600);
/// Tolerated difference between Astria's clock and ours.
const MAX_CLOCK_SKEW: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Generation {
    #[serde(rename = "person")]
    pub(crate) user_id: UserId,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) order: Order,
    /// When the order was first claimed: nothing of it was made before.
    #[serde(rename = "asked_at")]
    pub(crate) requested_at: Timestamp,
    /// When the current claim ends, and with it any request to Astria.
    #[serde(rename = "attempt_until_ms")]
    claimed_until_ms: i64,
    /// An earlier request may have reached Astria: it is looked up before another one.
    pub(crate) is_unclear: bool,
    /// The latest prompt of a reused model that belongs to another order.
    #[serde(default)]
    pub(crate) after_prompt: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tune: Option<i64>,
    expires_at: i64,
}

/// Outcome of claiming a generation.
#[derive(Debug)]
pub(crate) enum GenerationClaim {
    /// No other worker requests it until the claim ends.
    Claimed(Generation),
    HeldByOther,
    Started(Generation),
}

impl Generation {
    /// Returns the earliest time, by Astria's clock, at which the order's tune can have been
    /// created.
    pub(crate) fn requested_since(&self) -> Timestamp {
        before(self.requested_at, MAX_CLOCK_SKEW)
    }
}

fn pk(order: OrderId) -> String {
    format!("MAKE#{order}")
}

fn key(order: OrderId) -> Row {
    Table::key(pk(order), "MAKE")
}

/// An erased generation is not written again.
fn exists() -> Condition {
    Condition::expression("attribute_exists(pk)")
}

impl Store {
    pub(crate) async fn generation(&self, order: OrderId) -> Result<Option<Generation>> {
        self.table.get(key(order)).await
    }

    /// Claims a generation for one worker. A claim that has ended may be taken over.
    pub(crate) async fn claim_generation(
        &self,
        user_id: UserId,
        order: &Order,
        correlation_id: CorrelationId,
        ttl: Duration,
    ) -> Result<GenerationClaim> {
        let now = self.clock.now();
        let claimed_until_ms = after(now, ttl).as_millisecond();
        let Some(known) = self.generation(order.id).await? else {
            let generation = Generation {
                user_id,
                correlation_id,
                order: order.clone(),
                requested_at: now,
                claimed_until_ms,
                is_unclear: false,
                after_prompt: 0,
                tune: None,
                expires_at: now.as_second() + GENERATION_TTL.as_secs().cast_signed(),
            };
            let row = Table::to_row(pk(order.id), "MAKE", &generation)?;
            let is_claimed = self.table.put(row, Condition::not_exists()).await?;
            return Ok(claim(is_claimed, generation));
        };
        if known.tune.is_some() {
            return Ok(GenerationClaim::Started(known));
        }
        if known.claimed_until_ms > now.as_millisecond() {
            return Ok(GenerationClaim::HeldByOther);
        }
        let condition = exists()
            .and("attempt_until_ms = :was")
            .value(":until", number(claimed_until_ms))
            .value(":was", number(known.claimed_until_ms));
        let is_claimed = self
            .update_generation(order.id, "SET attempt_until_ms = :until", condition)
            .await?;
        let generation = Generation {
            claimed_until_ms,
            ..known
        };
        Ok(claim(is_claimed, generation))
    }

    /// Notes that Astria may have received the request. False when the order was erased meanwhile.
    pub(crate) async fn mark_requested(&self, order: OrderId, after_prompt: i64) -> Result<bool> {
        let condition = exists()
            .value(":yes", AttributeValue::Bool(true))
            .value(":after", number(after_prompt));
        let expression = "SET is_unclear = :yes, after_prompt = :after";
        self.update_generation(order, expression, condition).await
    }

    /// Releases the claim after Astria refused the request. `is_unclear` stays true if an earlier
    /// request may have arrived.
    pub(crate) async fn release_claim(&self, order: OrderId, is_unclear: bool) -> Result<()> {
        let condition = exists()
            .value(":unclear", AttributeValue::Bool(is_unclear))
            .value(":zero", number(0));
        let expression = "SET is_unclear = :unclear, attempt_until_ms = :zero";
        self.update_generation(order, expression, condition)
            .await
            .map(drop)
    }

    /// Saves the tune. False when the order was erased meanwhile.
    pub(crate) async fn mark_started(&self, order: OrderId, tune: i64) -> Result<bool> {
        let condition = exists().value(":tune", number(tune));
        self.update_generation(order, "SET tune = :tune", condition)
            .await
    }

    /// Deletes an order's generation and rating.
    pub(super) async fn delete_order(&self, order: OrderId) -> Result<()> {
        let generation = self.table.transact_delete(key(order), Condition::none())?;
        let rating = super::ratings::key(order);
        let rating = self.table.transact_delete(rating, Condition::none())?;
        self.table
            .transact(vec![generation, rating])
            .await
            .map(drop)
    }

    async fn update_generation(
        &self,
        order: OrderId,
        expression: &str,
        condition: Condition,
    ) -> Result<bool> {
        let row = self.table.update(key(order), expression, condition).await?;
        Ok(row.is_some())
    }
}

fn claim(is_claimed: bool, generation: Generation) -> GenerationClaim {
    if is_claimed {
        GenerationClaim::Claimed(generation)
    } else {
        GenerationClaim::HeldByOther
    }
}
