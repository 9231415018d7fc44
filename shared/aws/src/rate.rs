//! How often somebody may do something: a token bucket in one row, and in one write when nothing is wrong.
//!
//! The row holds no count of tokens but the time at which the bucket would be full again. Taking a token moves it on by
//! the time that one token takes; there is a token as long as it is less than the whole bucket's time away.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use confab_kernel::{Error, Kind, Result, Timestamp};

use crate::{Row, Table, failed};

#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// How long until one more is allowed.
    pub every: Duration,
}

impl Rate {
    /// `Rate::per_hour(20)`: twenty at once, then one every three minutes.
    pub fn per_hour(times: u32) -> Self {
        Self { burst: times, every: Duration::from_secs(3_600) / times.max(1) }
    }

    fn every_ms(self) -> i64 {
        i64::try_from(self.every.as_millis()).unwrap_or(i64::MAX / 1_000)
    }

    /// Takes one token of `key`, such as `upload#usr_..`, or says when to come back.
    pub async fn take(self, table: &Table, key: &str, now: Timestamp) -> Result<()> {
        let now_ms = now.as_millisecond();
        // A bucket that is full, as most are: its time is over, or it was never used.
        let Err(full_at) = self.set(table, key, now_ms, None).await? else { return Ok(()) };
        let mut full_at = full_at;
        // One that is in use: the write fails when somebody else took a token meanwhile, and tells the new state.
        for _ in 0..4 {
            let latest = now_ms + self.every_ms() * i64::from(self.burst.saturating_sub(1));
            if full_at > latest {
                let seconds = u32::try_from((full_at - latest + 999) / 1_000).unwrap_or(u32::MAX);
                let kind = Kind::RateLimited { retry_after_seconds: seconds };
                return Err(Error::new(kind, "rate_limited", "This is too often. Try again later."));
            }
            match self.set(table, key, now_ms, Some(full_at)).await? {
                Ok(()) => return Ok(()),
                Err(changed) => full_at = changed,
            }
        }
        let kind = Kind::RateLimited { retry_after_seconds: 1 };
        Err(Error::new(kind, "rate_limited", "This is too often. Try again later."))
    }

    /// Moves the row on from `seen`, or from rest. The inner error is the state that stood in the way.
    async fn set(self, table: &Table, key: &str, now_ms: i64, seen: Option<i64>) -> Result<Result<(), i64>> {
        let number = |value: i64| AttributeValue::N(value.to_string());
        let until = seen.unwrap_or(now_ms) + self.every_ms();
        let update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(Table::key(format!("RATE#{key}"), "RATE")))
            .update_expression("SET full_at_ms = :until, expires_at = :expires")
            .expression_attribute_values(":until", number(until))
            .expression_attribute_values(":expires", number(until / 1_000 + 60))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let update = match seen {
            None => update
                .condition_expression("attribute_not_exists(pk) OR full_at_ms <= :now")
                .expression_attribute_values(":now", number(now_ms)),
            Some(seen) => {
                update.condition_expression("full_at_ms = :seen").expression_attribute_values(":seen", number(seen))
            }
        };
        match update.send().await {
            Ok(_) => Ok(Ok(())),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(e)) => {
                    Ok(Err(full_at(e.item()).unwrap_or(now_ms)))
                }
                _ => Err(failed(error)),
            },
        }
    }
}

fn full_at(row: Option<&Row>) -> Option<i64> {
    row?.get("full_at_ms")?.as_n().ok()?.parse().ok()
}
