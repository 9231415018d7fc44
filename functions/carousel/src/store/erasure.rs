//! Deletion of all rows of a chat.

use confab_aws::{Condition, Table, text};
use confab_core::Result;

use super::{Store, chat_pk};

/// Rows that are deleted per query.
const DELETE_BATCH: usize = 200;

impl Store {
    /// Deletes the rows of a chat. The decision that asked for it stays until it expires: a repetition goes on from it.
    pub(crate) async fn erase(&self, chat: &str, trigger: &str) -> Result<()> {
        let kept = format!("DECIDED#{trigger}");
        loop {
            let keys = Condition::expression("pk = :pk").value(":pk", text(chat_pk(chat)));
            let rows = self.table.query_consistent(keys, DELETE_BATCH).await?;
            let rows: Vec<_> = rows
                .iter()
                .filter(|row| Table::sort_key(row) != kept)
                .collect();
            if rows.is_empty() {
                return Ok(());
            }
            for row in rows {
                self.table.delete(Table::key_of(row)).await?;
            }
        }
    }
}
