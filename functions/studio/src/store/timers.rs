//! Users whose timer is due.

use confab_aws::{Condition, Table, number, text};
use confab_core::{Result, Timestamp, UserId};

use super::Store;

/// The only partition of the index `Due`: few users have a timer at a time.
pub(super) const INDEX_PARTITION: &str = "studio";

impl Store {
    /// Returns the users whose timer is due, the longest overdue first.
    pub(crate) async fn due_users(&self, now: Timestamp, limit: usize) -> Result<Vec<UserId>> {
        let keys = Condition::expression("due_in = :all AND due_at <= :now")
            .value(":all", text(INDEX_PARTITION))
            .value(":now", number(now.as_millisecond()));
        let rows = self.table.query(Some("Due"), keys, limit).await?;
        Ok(rows
            .iter()
            .filter_map(|row| Table::partition(row).strip_prefix("USER#")?.parse().ok())
            .collect())
    }
}
