//! Broadcasts the updates of a room to its connections. SQS gives out one batch of a room at a time; while it is being
//! posted, later updates gather and go out together.

mod delivery;
mod frames;

use std::{sync::Arc, time::Duration};

use confab_core::{Clock, CorrelationId, Result, Timestamp, before};
use confab_lambda::{QueueMessage, metrics};
use rooms_domain::{BroadcastJob, Message, RoomCode, RoomUpdate};
use tokio::time::Instant;

use self::delivery::Broadcast;
use crate::state::{Part, State};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Sockets,
    Part::Broadcasts,
    Part::DynamoDbConnection,
];

/// How long a message of a busy room may wait for others.
const BATCH_DELAY: Duration = Duration::from_millis(100);
const MAX_BATCH_MESSAGES: usize = 100;
/// Transient updates older than this are skipped: clients have repaired the gap by then.
const MAX_UPDATE_AGE: Duration = Duration::from_secs(60);

/// Broadcasts jobs of one room.
pub async fn handle(state: Arc<State>, jobs: Vec<QueueMessage<BroadcastJob>>) -> Result<()> {
    let Some(first) = jobs.first() else {
        return Ok(());
    };
    let BroadcastJob::V1 { room, .. } = first.body;
    let time_left = jobs.iter().map(|job| job.time_left).min();
    let broadcast = Broadcast {
        state: &state,
        room,
        deadline: Instant::now() + time_left.unwrap_or_default(),
        correlation_id: first.correlation_id,
    };
    let oldest = before(state.clock.now(), MAX_UPDATE_AGE);
    let mut fresh = Vec::new();
    for job in jobs {
        let BroadcastJob::V1 {
            at, updates, after, ..
        } = job.body;
        let updates = skip_outdated(updates, at, oldest);
        match after {
            Some(cursor) => broadcast.deliver(updates, Some(cursor)).await?,
            None => fresh.extend(updates.into_iter().map(|update| (at, update))),
        }
    }
    let updates = batch(&broadcast, fresh).await?;
    if updates.is_empty() {
        return Ok(());
    }
    broadcast.deliver(updates, None).await
}

fn skip_outdated(updates: Vec<RoomUpdate>, at: Timestamp, oldest: Timestamp) -> Vec<RoomUpdate> {
    if at >= oldest {
        return updates;
    }
    let (skipped, kept): (Vec<_>, Vec<_>) = updates.into_iter().partition(RoomUpdate::is_transient);
    for _ in skipped {
        metrics::count("BroadcastLate", "skipped");
    }
    kept
}

/// In a busy room, waits a little and reads all messages since the first one, so that they go out together.
async fn batch(
    broadcast: &Broadcast<'_>,
    fresh: Vec<(Timestamp, RoomUpdate)>,
) -> Result<Vec<RoomUpdate>> {
    let state = broadcast.state;
    let is_sent = |update: &RoomUpdate| match update {
        RoomUpdate::MessagePosted { message, .. } => {
            state.cursors.includes(broadcast.room, message.seq)
        }
        _ => false,
    };
    let fresh: Vec<_> = fresh
        .into_iter()
        .filter(|(_, update)| !is_sent(update))
        .collect();
    let busy = fresh.iter().find_map(|(at, update)| match update {
        RoomUpdate::MessagePosted {
            message,
            is_busy: true,
        } => Some((*at, message.seq)),
        _ => None,
    });
    let updates = fresh.into_iter().map(|(_, update)| update);
    let Some((at, first_seq)) = busy else {
        return Ok(updates.collect());
    };
    let waited = Duration::try_from(state.clock.now().duration_since(at)).unwrap_or_default();
    tokio::time::sleep(BATCH_DELAY.saturating_sub(waited)).await;
    let messages = broadcast
        .read_with_retry("messages", || {
            messages_since(state, broadcast.room, first_seq, broadcast.correlation_id)
        })
        .await?;
    Ok(merge(updates, messages, first_seq))
}

async fn messages_since(
    state: &State,
    room: RoomCode,
    first_seq: u64,
    correlation_id: CorrelationId,
) -> Result<Vec<Message>> {
    let store = state.store()?;
    store
        .messages_after(room, first_seq - 1, MAX_BATCH_MESSAGES, correlation_id)
        .await
}

/// Puts the messages that were read since `first_seq` before the other updates, and drops updates that repeat them.
fn merge(
    updates: impl Iterator<Item = RoomUpdate>,
    messages: Vec<Message>,
    first_seq: u64,
) -> Vec<RoomUpdate> {
    let last_seq = messages.last().map_or(0, |message| message.seq);
    let is_read = |update: &RoomUpdate| match update {
        RoomUpdate::MessagePosted { message, .. } => (first_seq..=last_seq).contains(&message.seq),
        _ => false,
    };
    let others: Vec<_> = updates.filter(|update| !is_read(update)).collect();
    messages
        .into_iter()
        .map(|message| RoomUpdate::MessagePosted {
            message: Box::new(message),
            is_busy: true,
        })
        .chain(others)
        .collect()
}

#[cfg(test)]
mod tests;
