//! Who is online: the count of agents, and the last sign of life of each visitor.

use confab_aws::{Condition, number};
use confab_core::{CorrelationId, Error, Result, after};
use confab_live::{CountPolicy, OnlineCount, PresenceStore};
use confab_worker::Consistency;
use desk_domain::{ONLINE_TTL, VisitorId, VisitorPresence};

use super::Tenant;
use crate::live_channels::LiveChannel;

const ONLINE: &str = "ONLINE";

fn visitor_part(visitor: VisitorId) -> String {
    format!("VIS#{visitor}")
}

impl Tenant<'_> {
    /// Returns the stored count of agents; zero at the beginning of time when none is stored.
    pub(crate) async fn find_agent_count(&self) -> Result<OnlineCount> {
        Ok(self.get("", ONLINE).await?.unwrap_or_default())
    }

    /// Counts the agents again when the stored count is older than the policy allows. `None` when it still stands.
    pub(crate) async fn recount_agents(
        &self,
        count: OnlineCount,
        policy: CountPolicy,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<Option<u32>> {
        let presence = PresenceStore {
            table: self.table(),
            connections: &self.store.connections,
            clock: &*self.store.clock,
        };
        let now_ms = self.store.clock.now().as_millisecond();
        let shown = (count.shown_at(now_ms), count.counted_at_ms);
        let inbox = LiveChannel::Inbox { tenant: self.id() };
        let row = self.key("", ONLINE);
        presence
            .recount(&inbox, row, shown, policy, read, correlation_id)
            .await
    }

    pub(crate) async fn find_visitor_presence(
        &self,
        visitor: VisitorId,
    ) -> Result<Option<VisitorPresence>> {
        self.get(visitor_part(visitor), ONLINE).await
    }

    pub(crate) async fn save_visitor_presence(
        &self,
        visitor: VisitorId,
        presence: &VisitorPresence,
    ) -> Result<()> {
        let mut row = self.row(visitor_part(visitor), ONLINE, presence)?;
        // Long after the visitor is offline, so that agents who watch are told before.
        let expires_at = after(presence.seen_at, 40 * ONLINE_TTL).as_second();
        row.insert("expires_at".to_owned(), number(expires_at));
        self.table().put(row, Condition::none()).await.map(drop)
    }

    /// Deletes the presence of a visitor who has left, unless there was a sign of life meanwhile.
    pub(crate) async fn delete_visitor_presence(
        &self,
        visitor: VisitorId,
        presence: &VisitorPresence,
    ) -> Result<()> {
        let seen_at = serde_dynamo::to_attribute_value(presence.seen_at)
            .map_err(|error| Error::internal("render_failed", error))?;
        let unchanged = Condition::expression("seen_at = :seen").value(":seen", seen_at);
        let key = self.key(visitor_part(visitor), ONLINE);
        let delete = self.table().transact_delete(key, unchanged)?;
        self.table().transact(vec![delete]).await.map(drop)
    }
}
