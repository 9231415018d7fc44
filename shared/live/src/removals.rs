//! Removals whose connections are still to be closed.
//!
//! A removal is written in the transaction that removes the user, so that a broadcast of any later message finds it.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table};
use confab_core::{Clock, CorrelationId, Error, Result, Timestamp, after};
use serde::{Deserialize, Serialize};

use crate::{
    Channel, Partition, Recipients,
    connections::{CONNECTION_TTL, USED_TICKET_TTL},
    rows::{decode_rows, malformed},
};

/// Covers tickets issued while a removal is being written, and clock skew.
const REMOVAL_MARGIN: Duration = Duration::from_secs(2);
/// The sort key of a removal of all users who are not members.
const NON_MEMBERS: &str = "*";

pub struct Removal<C: Channel> {
    /// `None`: all users who are not members.
    user: Option<C::User>,
    pub(crate) reason: C::Reason,
    /// Connections opened with tickets issued until then are closed.
    pub(crate) tickets_until: Timestamp,
}

impl<C: Channel> Removal<C> {
    pub(crate) fn recipients(&self) -> Recipients<C::User> {
        match &self.user {
            Some(user) => Recipients::User(user.clone()),
            None => Recipients::NonMembers,
        }
    }
}

impl<C: Channel> std::fmt::Debug for Removal<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Removal")
            .field("user", &self.user)
            .field("reason", &self.reason)
            .field("tickets_until", &self.tickets_until)
            .finish()
    }
}

#[derive(Serialize, Deserialize)]
struct RemovalRow<Reason> {
    reason: Reason,
    tickets_until: Timestamp,
    expires_at: i64,
}

/// The removals of all channels of a service.
pub struct Removals<C> {
    table: Table,
    clock: Arc<dyn Clock>,
    channel: PhantomData<fn() -> C>,
}

impl<C> Clone for Removals<C> {
    fn clone(&self) -> Self {
        Self::new(self.table.clone(), self.clock.clone())
    }
}

impl<C> std::fmt::Debug for Removals<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

impl<C> Removals<C> {
    pub fn new(table: Table, clock: Arc<dyn Clock>) -> Self {
        Self {
            table,
            clock,
            channel: PhantomData,
        }
    }
}

impl<C: Channel> Removals<C> {
    /// The part of a transaction that records the removal of a user. Of a `permanent` removal, later tickets are
    /// refused too.
    pub fn write_user(
        &self,
        channel: &C::Id,
        user: &C::User,
        reason: C::Reason,
        is_permanent: bool,
    ) -> Result<TransactWriteItem> {
        self.write(key::<C>(channel, Some(user)), reason, is_permanent)
    }

    /// The part of a transaction that records the removal of all users who are not members.
    pub fn write_non_members(
        &self,
        channel: &C::Id,
        reason: C::Reason,
    ) -> Result<TransactWriteItem> {
        self.write(key::<C>(channel, None), reason, false)
    }

    fn write(&self, key: Row, reason: C::Reason, is_permanent: bool) -> Result<TransactWriteItem> {
        let now = self.clock.now();
        let tickets_until = if is_permanent {
            Timestamp::MAX
        } else {
            after(now, REMOVAL_MARGIN)
        };
        // A connection that could not be closed ends by itself after its TTL.
        let expires_at = after(now, CONNECTION_TTL + USED_TICKET_TTL).as_second();
        let removal = RemovalRow {
            reason,
            tickets_until,
            expires_at,
        };
        let mut row = Table::to_row("", "", &removal)?;
        row.extend(key);
        self.table.transact_put(row, Condition::none())
    }

    /// The part of a transaction that drops the removal of a user who is admitted again.
    pub fn delete_write(&self, channel: &C::Id, user: &C::User) -> Result<TransactWriteItem> {
        self.table
            .transact_delete(key::<C>(channel, Some(user)), Condition::none())
    }

    /// Returns the removals whose connections may still be open, by a strongly consistent read.
    pub async fn list(
        &self,
        channel: &C::Id,
        correlation_id: CorrelationId,
    ) -> Result<Vec<Removal<C>>> {
        let partition = C::removals(channel);
        let rows = self.table.query_consistent(partition.rows(), usize::MAX);
        Ok(decode_rows(rows.await?, "removal", correlation_id, |row| {
            decode_removal(&partition, row)
        }))
    }

    /// Deletes removals whose connections are all closed. A removal that was renewed meanwhile stays.
    pub async fn delete(&self, channel: &C::Id, removals: &[Removal<C>]) -> Result<()> {
        for removal in removals {
            let until = serde_dynamo::to_attribute_value(removal.tickets_until)
                .map_err(|error| Error::internal("render_failed", error))?;
            let unchanged = Condition::expression("tickets_until = :until").value(":until", until);
            let key = key::<C>(channel, removal.user.as_ref());
            let delete = self.table.transact_delete(key, unchanged)?;
            self.table.transact(vec![delete]).await?;
        }
        Ok(())
    }
}

fn key<C: Channel>(channel: &C::Id, user: Option<&C::User>) -> Row {
    let partition = C::removals(channel);
    match user {
        Some(user) => partition.key(user),
        None => partition.key(NON_MEMBERS),
    }
}

fn decode_removal<C: Channel>(partition: &Partition, row: Row) -> Result<Removal<C>> {
    let user = match partition.id_of(&row) {
        NON_MEMBERS => None,
        user => Some(
            user.parse()
                .map_err(|_| malformed("a removal without a user"))?,
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
