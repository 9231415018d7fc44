//! Closing the sockets of parties who have lost their access.
//!
//! Stores may also write the row of a removal in the transaction that takes the access. Then the next broadcast closes
//! the sockets even if the process dies before the removal is published.

use confab_core::{CorrelationId, Result, TenantId, Timestamp};

use super::{broadcasts::Broadcasts, live_updates::LiveUpdate};
use crate::live_channels::{LiveChannel, Party, SocketEnd};

/// A party whose sockets are to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SocketRemoval {
    pub(crate) tenant: TenantId,
    pub(crate) party: Party,
    pub(crate) reason: SocketEnd,
}

impl SocketRemoval {
    /// Publishes the removal: sockets that were opened with tickets until `at` are closed. Repeated, it closes nothing
    /// else.
    pub(crate) async fn publish(
        &self,
        broadcasts: &Broadcasts,
        at: Timestamp,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        let channel = self.party.channel(self.tenant);
        let removed = LiveUpdate::Removed {
            party: Some(self.party),
            reason: self.reason,
            at,
        };
        let key = removal_key(channel, Some(self.party), at);
        broadcasts
            .publish(channel, &key, at, removed, correlation_id)
            .await
    }
}

/// Closes the sockets of all agents of a suspended tenant. Those of its visitors are closed when they send a frame.
pub(crate) async fn publish_suspension(
    broadcasts: &Broadcasts,
    tenant: TenantId,
    at: Timestamp,
    correlation_id: CorrelationId,
) -> Result<()> {
    let inbox = LiveChannel::Inbox { tenant };
    let removed = LiveUpdate::Removed {
        party: None,
        reason: SocketEnd::Suspended,
        at,
    };
    let key = removal_key(inbox, None, at);
    broadcasts
        .publish(inbox, &key, at, removed, correlation_id)
        .await
}

fn removal_key(channel: LiveChannel, party: Option<Party>, at: Timestamp) -> String {
    let party = party.map_or_else(|| "*".to_owned(), |party| party.to_string());
    format!("removed#{channel}#{party}#{}", at.as_millisecond())
}
