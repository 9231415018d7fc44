//! The inbox: one row an event, which says that it was decided, what its effects are, and who is at work on them.
//! The row is written in the transaction that saves the decision; see `confab_worker`.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_core::{EffectId, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Condition, Row, Table, number};

/// Meta delivers again for seven days, and a copy may then lie on the queue for four and with the dead letters for
/// fourteen: an entry must outlive the last redrive.
const KEPT: Duration = Duration::from_secs(26 * 24 * 3600);

const SK: &str = "INBOX";

/// `owner` says where the store keeps the effects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbox {
    pub owner: String,
    pub effects: Vec<EffectId>,
    lease_until_ms: i64,
    expires_at: i64,
}

impl Inbox {
    pub fn new(
        owner: String,
        effects: Vec<EffectId>,
        lease_until: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            owner,
            effects,
            lease_until_ms: lease_until.as_millisecond(),
            expires_at: Self::expiry(now),
        }
    }

    /// When an entry that is made now is gone. What it leads to must not be gone before.
    pub fn expiry(now: Timestamp) -> i64 {
        now.as_second() + KEPT.as_secs().cast_signed()
    }

    pub fn lease_until(&self) -> Timestamp {
        Timestamp::from_millisecond(self.lease_until_ms).unwrap_or(Timestamp::MIN)
    }

    /// `event` is unique among all events of the table, such as `meta#wamid.HBg`.
    pub fn key(event: &str) -> Row {
        Table::key(format!("INBOX#{event}"), SK)
    }

    /// TTL deletion lags by days: an expired row is as good as none.
    pub fn read(row: Row, now: Timestamp) -> Result<Option<Self>> {
        let inbox: Self = Table::from_row(row)?;
        Ok((inbox.expires_at > now.as_second()).then_some(inbox))
    }

    /// Saves the entry, if there is none, with the rest of the transaction.
    pub fn claim(&self, table: &Table, event: &str, now: Timestamp) -> Result<TransactWriteItem> {
        let row = Table::to_row(format!("INBOX#{event}"), SK, self)?;
        let when = Condition::expression("attribute_not_exists(pk) OR expires_at <= :now");
        table.transact_put(row, when.value(":now", number(now.as_second())))
    }

    /// Takes the lease that ended at `expired`; false when somebody else was faster.
    pub async fn take_over(
        table: &Table,
        event: &str,
        expired: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool> {
        let millis = |at: Timestamp| number(at.as_millisecond());
        let when = Condition::expression("lease_until_ms = :expired")
            .value(":expired", millis(expired))
            .value(":until", millis(lease_until));
        Ok(table
            .update(Self::key(event), "SET lease_until_ms = :until", when)
            .await?
            .is_some())
    }
}
