//! What is old, whose it was, and what was found when somebody looked.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use confab_aws::{Condition, Row, Table, text};
use confab_core::{EventId, OrderId, Result, Timestamp, UserId, after};
use confab_worker::Consistency;
use serde::{Deserialize, Serialize};
use studio_domain::{Cleanup, Order};

use super::{Store, UserRow, user_key, user_pk};

/// The one partition of the index of all people. A row of it is written when somebody is new, and never again.
pub(super) const EVERYBODY: &str = "studio";
/// A person with more waits for the next page.
const MOST_MESSAGES: usize = 2_000;
const IDLE: Duration = Duration::from_secs(30 * 24 * 3600);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) run: EventId,
    pub(crate) dry_run: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) began_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) found: BTreeMap<String, u64>,
}

#[derive(Debug)]
pub(crate) struct Somebody {
    pub(crate) id: UserId,
    /// Where a list of people goes on.
    pub(crate) key: String,
}

fn key(run: EventId) -> Row {
    Table::key("CLEANUPS", run.to_string())
}

impl Store {
    pub(crate) async fn cleanup(&self, run: EventId) -> Result<Option<Report>> {
        self.table.get(key(run)).await
    }

    /// Returns the latest runs, newest first. Ids sort by day; within a day the time of the start decides.
    pub(crate) async fn cleanups(&self, most: i32) -> Result<Vec<Report>> {
        let keys = Condition::expression("pk = :all").value(":all", text("CLEANUPS"));
        let rows = self
            .table
            .query_descending(keys, most, Consistency::Eventual)
            .await?;
        let mut reports: Vec<Report> = rows
            .into_iter()
            .map(Table::from_row)
            .collect::<Result<_>>()?;
        reports.sort_by_key(|report| Reverse(report.began_at.or(report.finished_at)));
        Ok(reports)
    }

    pub(crate) async fn report(
        &self,
        cleanup: &Cleanup,
        finished_at: Option<Timestamp>,
    ) -> Result<()> {
        let Cleanup {
            run,
            dry_run,
            began_at,
            found,
            ..
        } = cleanup.clone();
        let row = Table::to_row(
            "CLEANUPS",
            run.to_string(),
            &Report {
                run,
                dry_run,
                began_at,
                finished_at,
                found,
            },
        )?;
        self.table.put(row, Condition::none()).await.map(drop)
    }

    pub(crate) async fn people(&self, after: Option<&str>, most: usize) -> Result<Vec<Somebody>> {
        let keys = Condition::expression("known_in = :all AND pk > :after")
            .value(":all", text(EVERYBODY))
            .value(":after", text(after.unwrap_or(" ")));
        let rows = self.table.query(Some("Known"), keys, most).await?;
        let somebody = |row: &Row| {
            let key = Table::partition(row);
            Some(Somebody {
                id: key.strip_prefix("USER#")?.parse().ok()?,
                key,
            })
        };
        Ok(rows.iter().filter_map(somebody).collect())
    }

    pub(crate) async fn knows(&self, person: UserId) -> Result<bool> {
        Ok(self.table.get::<UserRow>(user_key(person)).await?.is_some())
    }

    /// The person still waits for it, under whatever id they go by now.
    pub(crate) async fn is_waited_for(&self, person: UserId, order: OrderId) -> Result<bool> {
        let row = self.current(person).await?;
        Ok(row.is_some_and(|row| row.user.visit.order(order).is_some_and(Order::is_in_work)))
    }

    /// Whoever has not written for so long that their face is to be forgotten, and has one here.
    pub(crate) async fn is_idle(&self, person: UserId, now: Timestamp) -> Result<bool> {
        let row: Option<UserRow> = self.table.get(user_key(person)).await?;
        let is_idle = |row: UserRow| {
            let since = after(row.user.last_message_at, IDLE);
            let visit = &row.user.visit;
            row.merged_into.is_none()
                && now >= since
                && !(visit.photos.0.is_empty() && visit.unsaid.is_empty())
        };
        Ok(row.is_some_and(is_idle))
    }

    /// The keys of messages whose time is over: the table itself deletes them some days late, or not at all.
    pub(crate) async fn old_messages(&self, person: UserId, now: Timestamp) -> Result<Vec<Row>> {
        let keys = Condition::expression("pk = :pk AND begins_with(sk, :message)")
            .value(":pk", text(user_pk(person)))
            .value(":message", text("MSG#"));
        let is_over = |row: &Row| {
            let expires_at = row
                .get("expires_at")
                .and_then(|value| value.as_n().ok()?.parse::<i64>().ok());
            expires_at.is_some_and(|at| at <= now.as_second())
        };
        let rows = self.table.query(None, keys, MOST_MESSAGES).await?;
        Ok(rows
            .iter()
            .filter(|row| is_over(row))
            .map(Table::key_of)
            .collect())
    }

    pub(crate) async fn delete(&self, keys: Vec<Row>) -> Result<()> {
        for key in keys {
            self.table.delete(key).await?;
        }
        Ok(())
    }
}
