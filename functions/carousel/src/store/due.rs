//! Chats and carousels whose deadline has passed.

use carousel_domain::CarouselId;
use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{Result, Timestamp};

use super::{DUE_PARTITION, Store};

/// What is due in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) chat: String,
    /// `None` for a series of the chat.
    pub(crate) carousel: Option<CarouselId>,
    pub(crate) due_at: Timestamp,
}

impl Store {
    /// Returns what is due, the longest overdue first.
    pub(crate) async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>> {
        let keys = Condition::expression("due_in = :all AND due_at <= :now")
            .value(":all", text(DUE_PARTITION))
            .value(":now", number(now.as_millisecond()));
        let rows = self.table.query(Some("Due"), keys, limit).await?;
        Ok(rows.iter().filter_map(due_of).collect())
    }
}

fn due_of(row: &Row) -> Option<Due> {
    let chat = Table::partition(row).strip_prefix("CHAT#")?.to_owned();
    let carousel = match Table::sort_key(row).strip_prefix("CAR#") {
        Some(id) => Some(id.parse().ok()?),
        None => None,
    };
    let due_at = row.get("due_at")?.as_n().ok()?.parse().ok()?;
    Some(Due {
        chat,
        carousel,
        due_at: Timestamp::from_millisecond(due_at).ok()?,
    })
}
