//! Broadcasts the updates of a room to its connections.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::QueueMessage;
use confab_live::{BroadcastJob, Broadcaster};
use rooms_domain::{RoomCode, RoomUpdate};

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Sockets,
    Part::Broadcasts,
    Part::DynamoDbConnection,
];

/// Broadcasts jobs of one room.
pub async fn handle(
    state: Arc<State>,
    jobs: Vec<QueueMessage<BroadcastJob<RoomCode, RoomUpdate>>>,
) -> Result<()> {
    let store = state.store()?;
    let broadcaster = Broadcaster {
        connections: &store.connections,
        removals: &store.removals,
        queue: state.broadcasts()?.queue(),
        sockets: state.sockets()?,
        cursors: &state.cursors,
        clock: &*state.clock,
        reader: store,
    };
    broadcaster.deliver(jobs).await
}
