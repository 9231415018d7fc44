//! The inbox: one row for each handled event, with its effects and the lease of the worker that performs them.
//! The row is written in the transaction that saves the decision; see `confab_worker`.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_core::{EffectId, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Condition, Row, Table, number};

/// Meta redelivers for seven days. A copy may then wait four days on the queue and fourteen in the dead-letter queue,
/// and an entry must outlive the last redrive.
const KEPT: Duration = Duration::from_secs(26 * 24 * 3600);

const SK: &str = "INBOX";

/// An entry. `owner` says where the store keeps the effects.
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

    /// Returns the expiry of an entry written now. Its effects must not expire earlier.
    pub fn expiry(now: Timestamp) -> i64 {
        now.as_second() + KEPT.as_secs().cast_signed()
    }

    pub fn lease_until(&self) -> Timestamp {
        Timestamp::from_millisecond(self.lease_until_ms).unwrap_or(Timestamp::MIN)
    }

    /// Returns the key of an event, whose id is unique in the table, such as `meta#wamid.HBg`.
    pub fn key(event: &str) -> Row {
        Table::key(format!("INBOX#{event}"), SK)
    }

    /// Decodes a row. An expired row counts as absent, because TTL deletes days late.
    pub fn read(row: Row, now: Timestamp) -> Result<Option<Self>> {
        let inbox: Self = Table::from_row(row)?;
        Ok((inbox.expires_at > now.as_second()).then_some(inbox))
    }

    /// Returns the write of a new entry, as a part of a transaction.
    pub fn claim(&self, table: &Table, event: &str, now: Timestamp) -> Result<TransactWriteItem> {
        let row = Table::to_row(format!("INBOX#{event}"), SK, self)?;
        let when = Condition::expression("attribute_not_exists(pk) OR expires_at <= :now");
        table.transact_put(row, when.value(":now", number(now.as_second())))
    }

    /// Moves the end of a lease: later to take it over, earlier to release it. Returns `false` when it does not end at
    /// `from`, since another worker has taken it over.
    pub async fn move_lease(
        table: &Table,
        event: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let millis = |at: Timestamp| number(at.as_millisecond());
        let when = Condition::expression("lease_until_ms = :from")
            .value(":from", millis(from))
            .value(":until", millis(until));
        Ok(table
            .update(Self::key(event), "SET lease_until_ms = :until", when)
            .await?
            .is_some())
    }
}
