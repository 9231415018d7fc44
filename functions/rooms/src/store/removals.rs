//! Removals whose connections are still to be closed.
//!
//! A removal is written in the transaction that removes the user, so that a broadcast of any later message finds it.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, text};
use confab_core::{CorrelationId, Error, Result, Timestamp, UserId, after};
use rooms_domain::{RemovalReason, RoomCode, RoomUpdate};
use serde::{Deserialize, Serialize};

use super::{
    Store,
    connections::{CONNECTION_TTL, USED_TICKET_TTL},
    decode_rows, sort_key, to_attribute,
};

/// Covers tickets issued while a removal is being written, and clock skew.
const REMOVAL_MARGIN: Duration = Duration::from_secs(2);
/// The sort key of a removal of all readers.
const ALL_READERS: &str = "*";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removal {
    /// `None`: all users who are not members.
    user: Option<UserId>,
    reason: RemovalReason,
    /// Connections opened with tickets issued until then are closed.
    tickets_until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct RemovalRow {
    reason: RemovalReason,
    tickets_until: Timestamp,
    expires_at: i64,
}

impl Removal {
    /// The update that the broadcaster executes for this removal.
    pub(crate) fn update(&self) -> RoomUpdate {
        let at = self.tickets_until;
        match self.user {
            Some(user) => RoomUpdate::Removed {
                user_id: Some(user),
                reason: self.reason,
                at,
            },
            None => RoomUpdate::ReadersRemoved { at },
        }
    }
}

fn removal_pk(room: RoomCode) -> String {
    format!("REMOVED#{room}")
}

fn removal_key(room: RoomCode, user: Option<UserId>) -> Row {
    let sk = user.map_or_else(|| ALL_READERS.to_owned(), |user| user.to_string());
    Table::key(removal_pk(room), sk)
}

fn decode_removal(row: Row) -> Result<Removal> {
    let user = match sort_key(&row) {
        ALL_READERS => None,
        user => Some(
            user.parse::<UserId>()
                .map_err(|error| Error::internal("unreadable_row", error))?,
        ),
    };
    let RemovalRow {
        reason,
        tickets_until,
        ..
    } = Table::from_row(row)?;
    Ok(Removal {
        user,
        reason,
        tickets_until,
    })
}

impl Store {
    /// The part of a transaction that records a removal. `None` removes all users who are not members.
    pub(super) fn removal_write(
        &self,
        room: RoomCode,
        user: Option<UserId>,
        reason: RemovalReason,
    ) -> Result<TransactWriteItem> {
        let now = self.clock.now();
        let tickets_until = match reason {
            RemovalReason::Banned => Timestamp::MAX,
            _ => after(now, REMOVAL_MARGIN),
        };
        // A connection that could not be closed ends by itself after its TTL.
        let expires_at = after(now, CONNECTION_TTL + USED_TICKET_TTL).as_second();
        let removal = RemovalRow {
            reason,
            tickets_until,
            expires_at,
        };
        let mut row = Table::to_row("", "", &removal)?;
        row.extend(removal_key(room, user));
        self.table.transact_put(row, Condition::none())
    }

    /// The part of a transaction that drops the removal of a user who is admitted again.
    pub(super) fn removal_delete(&self, room: RoomCode, user: UserId) -> Result<TransactWriteItem> {
        self.table
            .transact_delete(removal_key(room, Some(user)), Condition::none())
    }

    /// Returns the removals whose connections may still be open, by a strongly consistent read.
    pub(crate) async fn list_removals(
        &self,
        room: RoomCode,
        correlation_id: CorrelationId,
    ) -> Result<Vec<Removal>> {
        let keys = Condition::expression("pk = :pk").value(":pk", text(removal_pk(room)));
        let rows = self.table.query_consistent(keys, usize::MAX).await?;
        Ok(decode_rows(rows, "removal", correlation_id, decode_removal))
    }

    /// Deletes removals whose connections are all closed. A removal that was renewed meanwhile stays.
    pub(crate) async fn delete_removals(&self, room: RoomCode, removals: &[Removal]) -> Result<()> {
        for removal in removals {
            let unchanged = Condition::expression("tickets_until = :until")
                .value(":until", to_attribute(&removal.tickets_until)?);
            let key = removal_key(room, removal.user);
            let delete = self.table.transact_delete(key, unchanged)?;
            self.table.transact(vec![delete]).await?;
        }
        Ok(())
    }
}
