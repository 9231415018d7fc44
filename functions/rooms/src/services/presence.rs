//! How many people are connected to a room: one count that everyone is shown, taken again as people come, ask and leave.

use confab_aws::Queue;
use confab_core::{Clock, CorrelationId, Result};
use confab_lambda::SystemClock;
use confab_worker::Consistency;
use rooms_domain::{News, RoomCode};

use crate::{
    services::post_message::tell,
    store::{Store, Visited},
};

/// In a room of up to so many people each arrival and departure is counted at once.
const SEEN_UP_TO: u32 = 20;
/// A larger room is counted this often, and the less often the more people are in it.
const COUNTED_EVERY_MS: i64 = 2_000;
const MS_PER_PERSON: i64 = 10;
/// Pings come every 30 seconds: a count is taken again before it is too old to be shown.
const COUNTED_AT_LEAST_EVERY_MS: i64 = 45_000;
/// In a larger room the count is told in answers to pings alone.
const TOLD_UP_TO: u32 = 200;

pub(crate) struct Presence<'a> {
    pub(crate) store: &'a Store,
    pub(crate) broadcasts: &'a Queue,
    pub(crate) clock: SystemClock,
    pub(crate) trace: CorrelationId,
}

impl Presence<'_> {
    /// Returns the count for an answer to a ping.
    pub(crate) async fn on_ping(&self, visited: &Visited) -> Result<u32> {
        self.count(visited, COUNTED_EVERY_MS, Consistency::Eventual)
            .await
    }

    pub(crate) async fn on_arrival(&self, visited: &Visited) -> Result<u32> {
        self.count(
            visited,
            if visited.online <= SEEN_UP_TO {
                0
            } else {
                COUNTED_EVERY_MS
            },
            Consistency::Eventual,
        )
        .await
    }

    /// Counts again after a connection has closed. A room that closed meanwhile has no count.
    pub(crate) async fn on_departure(&self, room: RoomCode) -> Result<()> {
        let Some(visited) = self.store.find_room(room).await? else {
            return Ok(());
        };
        let every = if visited.online <= SEEN_UP_TO {
            0
        } else {
            COUNTED_EVERY_MS
        };
        // The connection that has just closed must not be counted.
        self.count(&visited, every, Consistency::Strong)
            .await
            .map(drop)
    }

    /// Takes the count again when it is older than `every_ms`, one caller at a time, and tells the room of a change.
    async fn count(&self, visited: &Visited, every_ms: i64, read: Consistency) -> Result<u32> {
        let now_ms = self.clock.now().as_millisecond();
        let lasts = every_ms
            .max((i64::from(visited.online) * MS_PER_PERSON).min(COUNTED_AT_LEAST_EVERY_MS));
        if now_ms < visited.counted_at_ms + lasts {
            return Ok(visited.online);
        }
        let (code, was) = (visited.room.code, visited.counted_at_ms);
        if !self
            .store
            .put_online(code, visited.online, was, now_ms)
            .await?
        {
            return Ok(visited.online);
        }
        let here = self.store.here(code, usize::MAX, read, self.trace).await?;
        let online = u32::try_from(here.len()).unwrap_or(u32::MAX);
        self.store.put_online(code, online, now_ms, now_ms).await?;
        if online != visited.online && (1..=TOLD_UP_TO).contains(&online) {
            let (once, news) = (format!("online#{code}#{now_ms}"), News::Online { online });
            tell(
                self.broadcasts,
                code,
                &once,
                self.clock.now(),
                news,
                self.trace,
            )
            .await?;
        }
        Ok(online)
    }
}

#[cfg(test)]
mod tests;
