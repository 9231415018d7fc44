//! The stored count of connected users.

use confab_aws::{Condition, Row, Table, number};
use confab_core::Result;
use rooms_domain::RoomCode;
use serde::Deserialize;

use super::{Store, room_pk};

/// Older counts are not shown. A connected client's pings have it renewed sooner.
const COUNT_SHOWN_MS: i64 = 90_000;
const COUNT_TTL_SECONDS: i64 = 3_600;

#[derive(Deserialize, Default)]
pub(super) struct OnlineRow {
    online: u32,
    pub(super) counted_at_ms: i64,
}

impl OnlineRow {
    /// Returns the count, or 0 when it is too old to be shown.
    pub(super) fn shown_at(&self, now_ms: i64) -> u32 {
        if now_ms <= self.counted_at_ms + COUNT_SHOWN_MS {
            self.online
        } else {
            0
        }
    }
}

pub(super) fn online_key(code: RoomCode) -> Row {
    Table::key(room_pk(code), "ONLINE")
}

impl Store {
    /// Stores a count if the last one still has the time `expected_ms`. Returns `false` otherwise.
    pub(crate) async fn put_online_count(
        &self,
        code: RoomCode,
        online: u32,
        expected_ms: i64,
        counted_at_ms: i64,
    ) -> Result<bool> {
        let expires_at = counted_at_ms / 1_000 + COUNT_TTL_SECONDS;
        let mut row = online_key(code);
        row.insert("online".to_owned(), number(online));
        row.insert("counted_at_ms".to_owned(), number(counted_at_ms));
        row.insert("expires_at".to_owned(), number(expires_at));
        let unchanged = Condition::expression("attribute_not_exists(pk) OR counted_at_ms = :was")
            .value(":was", number(expected_ms));
        self.table.put(row, unchanged).await
    }
}
