//! The stored count of connected users.

use confab_aws::{Row, Table};
use confab_core::{CorrelationId, Result};
use confab_live::{CountPolicy, PresenceStore};
use confab_worker::Consistency;
use rooms_domain::RoomCode;

use super::{Store, room_pk};

pub(super) fn online_key(code: RoomCode) -> Row {
    Table::key(room_pk(code), "ONLINE")
}

impl Store {
    /// Counts again when the shown count and its time are older than the policy allows. `None` when it still stands.
    pub(crate) async fn recount_online(
        &self,
        code: RoomCode,
        shown: (u32, i64),
        policy: CountPolicy,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<Option<u32>> {
        let presence = PresenceStore {
            table: &self.table,
            connections: &self.connections,
            clock: &*self.clock,
        };
        presence
            .recount(&code, online_key(code), shown, policy, read, correlation_id)
            .await
    }
}
