//! The circuit breaker of a model. All processes share its row.

use std::time::Duration;

use confab_aws::{Condition, Row, Table, number};
use confab_core::{Result, Timestamp, after};
use serde::{Deserialize, Serialize};

use super::Store;

/// Failures in a row that open the breaker.
const MAX_FAILURES: u32 = 5;
/// How long an open breaker leaves the model alone.
const OPEN_TIME: Duration = Duration::from_secs(60);
/// Failures that lie further apart are not in a row.
const FAILURE_TTL_SECONDS: i64 = 600;

const SK: &str = "BREAKER";

/// What is known of a model that fails. Without a row all is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Breaker {
    #[serde(default)]
    failures: u32,
    /// Set once the breaker opened. After this time one call may probe the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_until_ms: Option<i64>,
    #[serde(default)]
    expires_at: i64,
}

impl Breaker {
    pub(super) fn read(row: Row, now: Timestamp) -> Result<Self> {
        let breaker: Self = Table::from_row(row)?;
        let is_expired = breaker.expires_at <= now.as_second();
        Ok(if is_expired { Self::default() } else { breaker })
    }

    pub(crate) fn has_failures(self) -> bool {
        self.failures > 0
    }

    fn is_open(self, now: Timestamp) -> bool {
        let millis = now.as_millisecond();
        self.open_until_ms.is_some_and(|until| until > millis)
    }
}

pub(super) fn breaker_key(model: &str) -> Row {
    Table::key(format!("MODEL#{model}"), SK)
}

impl Store {
    /// Tells whether the model may be called. Of several callers, a half-open breaker admits one, as its probe.
    pub(crate) async fn admits(&self, model: &str, breaker: Breaker) -> Result<bool> {
        let now = self.clock.now();
        let Some(until) = breaker.open_until_ms else {
            return Ok(true);
        };
        if breaker.is_open(now) {
            return Ok(false);
        }
        let next = after(now, OPEN_TIME).as_millisecond();
        let when = Condition::expression("open_until_ms = :until")
            .value(":until", number(until))
            .value(":next", number(next));
        let probe = "SET open_until_ms = :next";
        let taken = self.table.update(breaker_key(model), probe, when).await?;
        Ok(taken.is_some())
    }

    /// Counts a failure, and opens the breaker when there were too many.
    pub(crate) async fn count_failure(&self, model: &str) -> Result<()> {
        let now = self.clock.now();
        let expires_at = now.as_second() + FAILURE_TTL_SECONDS;
        let is_recent = Condition::expression("attribute_not_exists(pk) OR expires_at > :now")
            .value(":now", number(now.as_second()))
            .value(":one", number(1))
            .value(":expires", number(expires_at));
        let count = "SET expires_at = :expires ADD failures :one";
        let key = breaker_key(model);
        let row = self.table.update(key, count, is_recent).await?;
        let Some(row) = row else {
            return self.begin_count(model, expires_at).await;
        };
        if Table::from_row::<Breaker>(row)?.failures < MAX_FAILURES {
            return Ok(());
        }
        let until = after(now, OPEN_TIME).as_millisecond();
        let values = Condition::none().value(":until", number(until));
        let open = "SET open_until_ms = :until";
        let opened = self.table.update(breaker_key(model), open, values).await;
        opened.map(drop)
    }

    /// Counts the first failure after a long time: rows are deleted later than they expire.
    async fn begin_count(&self, model: &str, expires_at: i64) -> Result<()> {
        let first = Breaker {
            failures: 1,
            open_until_ms: None,
            expires_at,
        };
        let row = Table::to_row(format!("MODEL#{model}"), SK, &first)?;
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// Closes the breaker after a success.
    pub(crate) async fn close_breaker(&self, model: &str) -> Result<()> {
        self.table.delete(breaker_key(model)).await
    }
}
