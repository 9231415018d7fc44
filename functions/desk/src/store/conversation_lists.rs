//! The lists of the inbox, by the index. It has keys alone, so that the heads are read by their ids.

use confab_aws::{Condition, Row, text};
use confab_core::Result;
use desk_domain::{InboxPartition, ListKey};

use super::Tenant;

const LIST_INDEX: &str = "ByList";

impl Tenant<'_> {
    /// Returns the places of conversations in a partition after another one, the newest first.
    pub(crate) async fn list_inbox(
        &self,
        partition: InboxPartition,
        after: Option<&ListKey>,
        most: u16,
    ) -> Result<Vec<ListKey>> {
        let rows = self
            .list_index(&partition.to_string(), after.map(ToString::to_string), most)
            .await?;
        let keys = rows.iter().filter_map(|row| ListKey::parse(sort_key(row)));
        Ok(keys.collect())
    }

    /// Returns the keys of a list after a place in it, the newest first.
    pub(super) async fn list_index(
        &self,
        list: &str,
        after: Option<String>,
        most: u16,
    ) -> Result<Vec<Row>> {
        let keys = match after {
            Some(after) => {
                Condition::expression("gpk = :list AND gsk < :after").value(":after", text(after))
            }
            None => Condition::expression("gpk = :list"),
        };
        let keys = keys.value(":list", text(self.pk(list)));
        self.table()
            .query_index_descending(LIST_INDEX, keys, most.into())
            .await
    }
}

/// Returns the sort key of the list.
pub(super) fn sort_key(row: &Row) -> &str {
    let key = row.get("gsk").and_then(|value| value.as_s().ok());
    key.map(String::as_str).unwrap_or_default()
}
