//! Presence: the number of connected users, counted again as users connect, ping and disconnect.

use confab_core::{Clock, CorrelationId, Result};
use confab_live::CountPolicy;
use confab_worker::Consistency;
use rooms_domain::{RoomCode, RoomUpdate};

use crate::{
    services::broadcasts::Broadcasts,
    store::{RoomForUser, Store},
};

/// In larger rooms the count is sent in answers to pings only.
const BROADCAST_MAX_USERS: u32 = 200;

#[derive(Debug)]
pub(crate) struct Presence<'a> {
    store: &'a Store,
    broadcasts: &'a Broadcasts,
    clock: &'a dyn Clock,
}

impl<'a> Presence<'a> {
    pub(crate) fn new(store: &'a Store, broadcasts: &'a Broadcasts, clock: &'a dyn Clock) -> Self {
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
        let (policy, read) = (CountPolicy::Ping, Consistency::Eventual);
        self.count(loaded, policy, read, correlation_id).await
    }

    /// Returns the count for a welcome.
    pub(crate) async fn on_arrival(
        &self,
        loaded: &RoomForUser,
        correlation_id: CorrelationId,
    ) -> Result<u32> {
        let (policy, read) = (CountPolicy::Changed, Consistency::Eventual);
        self.count(loaded, policy, read, correlation_id).await
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
        // The connection that has just closed must not be counted.
        let (policy, read) = (CountPolicy::Changed, Consistency::Strong);
        self.count(&loaded, policy, read, correlation_id).await?;
        Ok(())
    }

    /// Returns the count, made again if it is due, and publishes a change.
    async fn count(
        &self,
        loaded: &RoomForUser,
        policy: CountPolicy,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<u32> {
        let code = loaded.room.code;
        let shown = (loaded.online, loaded.counted_at_ms);
        let recounted = self
            .store
            .recount_online(code, shown, policy, read, correlation_id)
            .await?;
        let Some(online) = recounted else {
            return Ok(loaded.online);
        };
        if online != loaded.online && (1..=BROADCAST_MAX_USERS).contains(&online) {
            let now = self.clock.now();
            let key = format!("online#{code}#{}", now.as_millisecond());
            let update = RoomUpdate::OnlineCount { online };
            self.broadcasts
                .publish(code, &key, now, update, correlation_id)
                .await?;
        }
        Ok(online)
    }
}
