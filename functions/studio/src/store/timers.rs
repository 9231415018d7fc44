//! Whom the studio has to think of by itself.

use confab_aws::{Condition, Table, number, text};
use confab_core::{Result, Timestamp, UserId};

use super::Store;

/// The one partition of the index: few people are waited for at a time, and each only for a while.
pub(super) const ALL: &str = "studio";

impl Store {
    /// Whose moment has come, the longest overdue first.
    pub(crate) async fn due(&self, now: Timestamp, most: usize) -> Result<Vec<UserId>> {
        let keys = Condition::expression("due_in = :all AND due_at <= :now")
            .value(":all", text(ALL))
            .value(":now", number(now.as_millisecond()));
        let rows = self.table.query(Some("Due"), keys, most).await?;
        Ok(rows
            .iter()
            .filter_map(|row| Table::partition(row).strip_prefix("USER#")?.parse().ok())
            .collect())
    }
}
