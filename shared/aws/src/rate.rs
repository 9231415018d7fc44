//! Rate limits: a token bucket in one DynamoDB row, without a read.
//!
//! The row holds no count of tokens but the time at which the bucket would be full again (GCRA). Taking a token moves
//! that time on by the interval of one token; the bucket is empty when it is a whole burst away.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use confab_core::{Error, Kind, Result, Timestamp};

use crate::{Row, Table, store_error};

/// Writes of one `take`. Two decide; a third is needed only if TTL deletes the row between them.
const MAX_WRITES: usize = 4;

#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// How many at once, after a pause.
    pub burst: u32,
    /// The interval at which tokens refill.
    pub every: Duration,
}

impl RateLimit {
    /// `RateLimit::per_hour(20)` allows twenty at once, then one every three minutes.
    pub fn per_hour(times: u32) -> Self {
        Self {
            burst: times,
            every: Duration::from_secs(3_600) / times.max(1),
        }
    }

    fn every_ms(self) -> i64 {
        i64::try_from(self.every.as_millis()).unwrap_or(i64::MAX / 1_000)
    }

    /// The latest `full_at_ms` at which one more token is left.
    fn latest_ms(self, now_ms: i64) -> i64 {
        now_ms + self.every_ms() * i64::from(self.burst.saturating_sub(1))
    }

    /// Takes one token of `key`, such as `upload#usr_..`, or says when to come back.
    ///
    /// Both writes are atomic increments that compare with the clock and never with a value read before. So concurrent
    /// callers take one token each, and only an empty bucket refuses. An idle bucket costs one write, a busy one two.
    pub async fn take(self, table: &Table, key: &str, now: Timestamp) -> Result<()> {
        let now_ms = now.as_millisecond();
        let mut bucket = Bucket::Idle;
        for _ in 0..MAX_WRITES {
            let Some(full_at) = self.add(table, key, now_ms, bucket).await? else {
                return Ok(());
            };
            if full_at > self.latest_ms(now_ms) {
                return Err(refused(full_at - self.latest_ms(now_ms)));
            }
            bucket = if full_at > now_ms {
                Bucket::Busy
            } else {
                Bucket::Idle
            };
        }
        Err(Error::unavailable(
            "rate_limit_failed",
            format!("{MAX_WRITES} writes found no state that lasts"),
        ))
    }

    /// Adds one token's interval if the bucket is in the named state. Returns `full_at_ms` when it is not.
    async fn add(
        self,
        table: &Table,
        key: &str,
        now_ms: i64,
        bucket: Bucket,
    ) -> Result<Option<i64>> {
        let number = |value: i64| AttributeValue::N(value.to_string());
        let update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(Table::key(format!("RATE#{key}"), "RATE")))
            .expression_attribute_values(":now", number(now_ms))
            .expression_attribute_values(
                ":expires",
                number((self.latest_ms(now_ms) + self.every_ms()) / 1_000 + 60),
            )
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let update = match bucket {
            Bucket::Idle => update
                .update_expression("SET full_at_ms = :full_at, expires_at = :expires")
                .condition_expression("attribute_not_exists(pk) OR full_at_ms <= :now")
                .expression_attribute_values(":full_at", number(now_ms + self.every_ms())),
            Bucket::Busy => update
                .update_expression("SET full_at_ms = full_at_ms + :every, expires_at = :expires")
                .condition_expression("full_at_ms > :now AND full_at_ms <= :latest")
                .expression_attribute_values(":every", number(self.every_ms()))
                .expression_attribute_values(":latest", number(self.latest_ms(now_ms))),
        };
        match Box::pin(update.send()).await {
            Ok(_) => Ok(None),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(e)) => {
                    Ok(Some(full_at(e.item())))
                }
                _ => Err(store_error(error)),
            },
        }
    }
}

#[derive(Clone, Copy)]
enum Bucket {
    /// Full, or never used.
    Idle,
    Busy,
}

fn refused(wait_ms: i64) -> Error {
    let seconds = u32::try_from((wait_ms + 999) / 1_000).unwrap_or(u32::MAX);
    let kind = Kind::RateLimited {
        retry_after_seconds: seconds,
    };
    Error::new(kind, "rate_limited", "This is too often. Try again later.")
}

/// A row that was deleted meanwhile is a full bucket.
fn full_at(row: Option<&Row>) -> i64 {
    let value = row.and_then(|row| row.get("full_at_ms")?.as_n().ok()?.parse().ok());
    value.unwrap_or(i64::MIN)
}
