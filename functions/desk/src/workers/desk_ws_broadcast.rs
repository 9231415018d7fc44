//! Broadcasts the updates of a channel to its connections.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::QueueMessage;
use confab_live::{BroadcastJob, Broadcaster};
use serde::Deserialize;

use crate::{
    live_channels::{ConnectionsAlone, LiveChannel},
    services::live_updates::LiveUpdate,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Sockets,
    Part::Broadcasts,
    Part::DynamoDbConnection,
];

/// A message of the queue.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Job(BroadcastJob<LiveChannel, LiveUpdate>);

/// Broadcasts jobs of one channel.
pub async fn handle(state: Arc<State>, jobs: Vec<QueueMessage<Job>>) -> Result<()> {
    let store = state.store()?;
    let broadcaster = Broadcaster {
        connections: &store.connections,
        removals: &store.removals,
        queue: state.broadcasts()?.queue(),
        sockets: state.sockets()?,
        cursors: &state.cursors,
        clock: &*state.clock,
        reader: ConnectionsAlone,
    };
    let jobs = jobs.into_iter().map(|job| QueueMessage {
        body: job.body.0,
        correlation_id: job.correlation_id,
        receives: job.receives,
        time_left: job.time_left,
    });
    broadcaster.deliver(jobs.collect()).await
}
