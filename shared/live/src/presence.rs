//! Presence: the number of connected users, counted again as users connect, ping and disconnect.

use confab_aws::{Condition, Row, Table, number};
use confab_core::{Clock, CorrelationId, Result};
use confab_worker::Consistency;
use serde::Deserialize;

use crate::{Channel, Connections};

/// Older counts are not shown. A connected client's pings have it renewed sooner.
const COUNT_SHOWN_MS: i64 = 90_000;
const COUNT_TTL_SECONDS: i64 = 3_600;
/// Up to this many users, every arrival and departure is counted at once.
const COUNT_AT_ONCE_MAX_USERS: u32 = 20;
/// Larger channels are counted at this interval, which grows with the number of users.
const COUNT_INTERVAL_MS: i64 = 2_000;
const COUNT_INTERVAL_MS_PER_USER: i64 = 10;
/// Clients ping every 30 seconds; a count is renewed before it is too old to be shown.
const MAX_COUNT_INTERVAL_MS: i64 = 45_000;

/// A stored count of connected users.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct OnlineCount {
    online: u32,
    pub counted_at_ms: i64,
}

impl OnlineCount {
    /// Returns the count, or 0 when it is too old to be shown.
    pub fn shown_at(&self, now_ms: i64) -> u32 {
        if now_ms <= self.counted_at_ms + COUNT_SHOWN_MS {
            self.online
        } else {
            0
        }
    }
}

/// When a channel is counted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountPolicy {
    /// After an arrival or a departure.
    Changed,
    /// For an answer to a ping.
    Ping,
}

impl CountPolicy {
    fn interval_ms(self, online: u32) -> i64 {
        if self == Self::Changed && online <= COUNT_AT_ONCE_MAX_USERS {
            return 0;
        }
        let by_size_ms = i64::from(online) * COUNT_INTERVAL_MS_PER_USER;
        COUNT_INTERVAL_MS.max(by_size_ms.min(MAX_COUNT_INTERVAL_MS))
    }
}

/// Counts the connected users of the channels of a service.
#[derive(Debug)]
pub struct PresenceStore<'a, C> {
    pub table: &'a Table,
    pub connections: &'a Connections<C>,
    pub clock: &'a dyn Clock,
}

impl<C: Channel> PresenceStore<'_, C> {
    /// Counts again when the shown count `online`, made at `counted_at_ms`, is older than the policy allows, by one
    /// caller at a time. `row` is the key of the stored count. Returns `None` when `online` still stands.
    pub async fn recount(
        &self,
        channel: &C::Id,
        row: Row,
        (online, counted_at_ms): (u32, i64),
        policy: CountPolicy,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<Option<u32>> {
        let now_ms = self.clock.now().as_millisecond();
        if now_ms < counted_at_ms + policy.interval_ms(online) {
            return Ok(None);
        }
        // Writing the time claims the count for one caller.
        let claim = self.put(row.clone(), online, counted_at_ms, now_ms);
        if !claim.await? {
            return Ok(None);
        }
        let users = self
            .connections
            .users(channel, usize::MAX, read, correlation_id)
            .await?;
        let counted = u32::try_from(users.len()).unwrap_or(u32::MAX);
        self.put(row, counted, now_ms, now_ms).await?;
        Ok(Some(counted))
    }

    /// Stores a count if the last one still has the time `expected_ms`. Returns `false` otherwise.
    async fn put(
        &self,
        mut row: Row,
        online: u32,
        expected_ms: i64,
        counted_at_ms: i64,
    ) -> Result<bool> {
        let expires_at = counted_at_ms / 1_000 + COUNT_TTL_SECONDS;
        row.insert("online".to_owned(), number(online));
        row.insert("counted_at_ms".to_owned(), number(counted_at_ms));
        row.insert("expires_at".to_owned(), number(expires_at));
        let unchanged = Condition::expression("attribute_not_exists(pk) OR counted_at_ms = :was")
            .value(":was", number(expected_ms));
        self.table.put(row, unchanged).await
    }
}
