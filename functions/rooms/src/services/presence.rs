//! Presence: the number of connected users, counted again as users connect, ping and disconnect.

use confab_core::{Clock, CorrelationId, Result};
use confab_lambda::SystemClock;
use confab_worker::Consistency;
use rooms_domain::{RoomCode, RoomUpdate};

use crate::{
    services::broadcasts::Broadcasts,
    store::{RoomForUser, Store},
};

/// Up to this many users, every arrival and departure is counted at once.
const COUNT_AT_ONCE_MAX_USERS: u32 = 20;
/// Larger rooms are counted at this interval, which grows with the number of users.
const COUNT_INTERVAL_MS: i64 = 2_000;
const COUNT_INTERVAL_MS_PER_USER: i64 = 10;
/// Clients ping every 30 seconds; a count is renewed before it is too old to be shown.
const MAX_COUNT_INTERVAL_MS: i64 = 45_000;
/// In larger rooms the count is sent in answers to pings only.
const BROADCAST_MAX_USERS: u32 = 200;

#[derive(Debug)]
pub(crate) struct Presence<'a> {
    store: &'a Store,
    broadcasts: &'a Broadcasts,
    clock: SystemClock,
}

impl<'a> Presence<'a> {
    pub(crate) fn new(store: &'a Store, broadcasts: &'a Broadcasts, clock: SystemClock) -> Self {
        Self {
            store,
            broadcasts,
            clock,
        }
    }

    /// Returns the count for an answer to a ping.
    pub(crate) async fn on_ping(
        &self,
        loaded: &RoomForUser,
        correlation_id: CorrelationId,
    ) -> Result<u32> {
        self.count(
            loaded,
            COUNT_INTERVAL_MS,
            Consistency::Eventual,
            correlation_id,
        )
        .await
    }

    /// Returns the count for a welcome.
    pub(crate) async fn on_arrival(
        &self,
        loaded: &RoomForUser,
        correlation_id: CorrelationId,
    ) -> Result<u32> {
        let interval_ms = interval_ms(loaded.online);
        self.count(loaded, interval_ms, Consistency::Eventual, correlation_id)
            .await
    }

    /// Counts again after a connection has closed. A room that closed meanwhile has no count.
    pub(crate) async fn on_departure(
        &self,
        room: RoomCode,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        let Some(loaded) = self.store.find_room(room).await? else {
            return Ok(());
        };
        let interval_ms = interval_ms(loaded.online);
        // The connection that has just closed must not be counted.
        self.count(&loaded, interval_ms, Consistency::Strong, correlation_id)
            .await
            .map(drop)
    }

    /// Renews the count when it is older than the interval, by one caller at a time, and publishes a change.
    async fn count(
        &self,
        loaded: &RoomForUser,
        interval_ms: i64,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<u32> {
        let now = self.clock.now();
        let (now_ms, last_ms) = (now.as_millisecond(), loaded.counted_at_ms);
        let by_size_ms = i64::from(loaded.online) * COUNT_INTERVAL_MS_PER_USER;
        if now_ms < last_ms + interval_ms.max(by_size_ms.min(MAX_COUNT_INTERVAL_MS)) {
            return Ok(loaded.online);
        }
        let (code, store) = (loaded.room.code, self.store);
        // Writing the time claims the count for one caller.
        let is_claimed = store
            .put_online_count(code, loaded.online, last_ms, now_ms)
            .await?;
        if !is_claimed {
            return Ok(loaded.online);
        }
        let users = store
            .connected_users(code, usize::MAX, read, correlation_id)
            .await?;
        let online = u32::try_from(users.len()).unwrap_or(u32::MAX);
        store.put_online_count(code, online, now_ms, now_ms).await?;
        if online != loaded.online && (1..=BROADCAST_MAX_USERS).contains(&online) {
            let (key, update) = (
                format!("online#{code}#{now_ms}"),
                RoomUpdate::OnlineCount { online },
            );
            self.broadcasts
                .publish(code, &key, self.clock.now(), update, correlation_id)
                .await?;
        }
        Ok(online)
    }
}

fn interval_ms(online: u32) -> i64 {
    if online <= COUNT_AT_ONCE_MAX_USERS {
        0
    } else {
        COUNT_INTERVAL_MS
    }
}

#[cfg(test)]
mod tests;
