//! Cleanups: their reports, and the rows that they find.

use std::{cmp::Reverse, collections::BTreeMap};

use confab_aws::{Condition, Row, Table, text};
use confab_core::{EventId, OrderId, Result, Timestamp, UserId, after};
use confab_worker::Consistency;
use serde::{Deserialize, Serialize};
use studio_domain::{Cleanup, FACE_TTL, Order};

use super::{Store, UserRow, user_key, user_pk};

/// The only partition of the index `Known`. A user enters it once.
pub(super) const INDEX_PARTITION: &str = "studio";
/// Maximum messages of a user in one cleanup; the next one deletes more.
const MAX_MESSAGES: usize = 2_000;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CleanupReport {
    pub(crate) run: EventId,
    pub(crate) dry_run: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) began_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) found: BTreeMap<String, u64>,
}

/// A user in the list of all users.
#[derive(Debug)]
pub(crate) struct KnownUser {
    pub(crate) id: UserId,
    /// Cursor behind this user.
    pub(crate) key: String,
}

fn key(run: EventId) -> Row {
    Table::key("CLEANUPS", run.to_string())
}

impl Store {
    pub(crate) async fn cleanup(&self, run: EventId) -> Result<Option<CleanupReport>> {
        self.table.get(key(run)).await
    }

    /// Returns the latest runs, newest first. Ids sort by day; within a day the time of the start
    /// decides.
    pub(crate) async fn cleanups(&self, limit: i32) -> Result<Vec<CleanupReport>> {
        let keys = Condition::expression("pk = :all").value(":all", text("CLEANUPS"));
        let rows = self
            .table
            .query_descending(keys, limit, Consistency::Eventual)
            .await?;
        let mut reports: Vec<CleanupReport> = rows
            .into_iter()
            .map(Table::from_row)
            .collect::<Result<_>>()?;
        reports.sort_by_key(|report| Reverse(report.began_at.or(report.finished_at)));
        Ok(reports)
    }

    pub(crate) async fn save_cleanup(
        &self,
        cleanup: &Cleanup,
        finished_at: Option<Timestamp>,
    ) -> Result<()> {
        let report = CleanupReport {
            run: cleanup.run,
            dry_run: cleanup.dry_run,
            began_at: cleanup.began_at,
            finished_at,
            found: cleanup.found.clone(),
        };
        let row = Table::to_row("CLEANUPS", cleanup.run.to_string(), &report)?;
        self.table.put(row, Condition::none()).await.map(drop)
    }

    /// Returns a page of all users, in the order of their keys.
    pub(crate) async fn list_users(
        &self,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Vec<KnownUser>> {
        let keys = Condition::expression("known_in = :all AND pk > :after")
            .value(":all", text(INDEX_PARTITION))
            .value(":after", text(cursor.unwrap_or(" ")));
        let rows = self.table.query(Some("Known"), keys, limit).await?;
        let mut users = Vec::new();
        for row in &rows {
            let key = Table::partition(row);
            let id = key.strip_prefix("USER#").and_then(|id| id.parse().ok());
            users.extend(id.map(|id| KnownUser { id, key }));
        }
        Ok(users)
    }

    pub(crate) async fn user_exists(&self, user_id: UserId) -> Result<bool> {
        let row = self.table.get::<UserRow>(user_key(user_id)).await?;
        Ok(row.is_some())
    }

    /// Whether the user's order is still in progress, under whichever id the user has now.
    pub(crate) async fn is_order_in_progress(
        &self,
        user_id: UserId,
        order: OrderId,
    ) -> Result<bool> {
        let Some(row) = self.current_row(user_id).await? else {
            return Ok(false);
        };
        let order = row.user.conversation.order(order);
        Ok(order.is_some_and(Order::is_in_progress))
    }

    /// Whether the user has been silent for `FACE_TTL` and still has face data.
    pub(crate) async fn is_idle(&self, user_id: UserId, now: Timestamp) -> Result<bool> {
        let row: Option<UserRow> = self.table.get(user_key(user_id)).await?;
        let Some(row) = row.filter(|row| row.merged_into.is_none()) else {
            return Ok(false);
        };
        let conversation = &row.user.conversation;
        let has_faces = !conversation.photos.0.is_empty() || !conversation.held_messages.is_empty();
        Ok(has_faces && now >= after(row.user.last_message_at, FACE_TTL))
    }

    /// Returns the keys of expired messages. DynamoDB's own expiry is days late, or does not
    /// happen.
    pub(crate) async fn expired_messages(
        &self,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<Vec<Row>> {
        let keys = Condition::expression("pk = :pk AND begins_with(sk, :message)")
            .value(":pk", text(user_pk(user_id)))
            .value(":message", text("MSG#"));
        let rows = self.table.query(None, keys, MAX_MESSAGES).await?;
        let is_expired = |row: &&Row| {
            let expires_at = row.get("expires_at").and_then(|value| value.as_n().ok());
            let expires_at = expires_at.and_then(|seconds| seconds.parse::<i64>().ok());
            expires_at.is_some_and(|at| at <= now.as_second())
        };
        Ok(rows.iter().filter(is_expired).map(Table::key_of).collect())
    }

    pub(crate) async fn delete(&self, keys: Vec<Row>) -> Result<()> {
        for key in keys {
            self.table.delete(key).await?;
        }
        Ok(())
    }
}
