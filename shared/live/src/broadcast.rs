//! Broadcasts the updates of a channel to its connections. SQS gives out one batch of a channel at a time; while it is
//! being posted, later updates gather and go out together.

mod cursors;
mod delivery;
mod frames;

use std::{collections::BTreeSet, time::Duration};

use confab_aws::Sockets;
use confab_core::{Clock, CorrelationId, Result, Timestamp, before};
use confab_lambda::{QueueMessage, metrics};
use tokio::time::Instant;

use self::delivery::Broadcast;
pub use self::{
    cursors::BroadcastCursors,
    frames::{Frames, Recipients},
};
use crate::{BroadcastJob, BroadcastQueue, Channel, Connections, Removals};

/// How long a message of a busy channel may wait for others.
const BATCH_DELAY: Duration = Duration::from_millis(100);
const MAX_BATCH_MESSAGES: usize = 100;
/// Transient updates older than this are skipped: clients have repaired the gap by then.
const MAX_UPDATE_AGE: Duration = Duration::from_secs(60);

/// What a broadcast reads of a channel, besides connections and removals.
pub trait ChannelReader<C: Channel>: Sync {
    /// Returns those of the users who are members, strongly consistent.
    fn members(
        &self,
        channel: &C::Id,
        users: &[C::User],
        correlation_id: CorrelationId,
    ) -> impl Future<Output = Result<BTreeSet<C::User>>> + Send;

    /// Returns updates that post the messages from `first_seq` on, in order, as messages of a busy channel.
    fn messages_from(
        &self,
        channel: &C::Id,
        first_seq: u64,
        limit: usize,
        correlation_id: CorrelationId,
    ) -> impl Future<Output = Result<Vec<C::Update>>> + Send;
}

/// The broadcaster of a service's channels.
#[derive(Debug)]
pub struct Broadcaster<'a, C: Channel, R> {
    pub connections: &'a Connections<C>,
    pub removals: &'a Removals<C>,
    pub queue: &'a BroadcastQueue,
    pub sockets: &'a Sockets,
    pub cursors: &'a BroadcastCursors<C::Id>,
    pub clock: &'a dyn Clock,
    pub reader: R,
}

type Job<C> = BroadcastJob<<C as Channel>::Id, <C as Channel>::Update>;

impl<C: Channel, R: ChannelReader<C>> Broadcaster<'_, C, R> {
    /// Broadcasts jobs of one channel.
    pub async fn deliver(&self, jobs: Vec<QueueMessage<Job<C>>>) -> Result<()> {
        let Some(first) = jobs.first() else {
            return Ok(());
        };
        let BroadcastJob::V1 { channel, .. } = first.body.clone();
        let time_left = jobs.iter().map(|job| job.time_left).min();
        let broadcast = Broadcast {
            broadcaster: self,
            channel,
            deadline: Instant::now() + time_left.unwrap_or_default(),
            correlation_id: first.correlation_id,
        };
        let oldest = before(self.clock.now(), MAX_UPDATE_AGE);
        let mut fresh = Vec::new();
        for job in jobs {
            let BroadcastJob::V1 {
                at, updates, after, ..
            } = job.body;
            let updates = skip_outdated::<C>(updates, at, oldest);
            match after {
                Some(cursor) => broadcast.deliver(updates, Some(cursor)).await?,
                None => fresh.extend(updates.into_iter().map(|update| (at, update))),
            }
        }
        let updates = broadcast.batch(fresh).await?;
        if updates.is_empty() {
            return Ok(());
        }
        broadcast.deliver(updates, None).await
    }
}

fn skip_outdated<C: Channel>(
    updates: Vec<C::Update>,
    at: Timestamp,
    oldest: Timestamp,
) -> Vec<C::Update> {
    if at >= oldest {
        return updates;
    }
    let (skipped, kept): (Vec<_>, Vec<_>) = updates.into_iter().partition(C::is_transient);
    for _ in skipped {
        metrics::count("BroadcastLate", "skipped");
    }
    kept
}

impl<C: Channel, R: ChannelReader<C>> Broadcast<'_, C, R> {
    /// In a busy channel, waits a little and reads all messages since the first one, so that they go out together.
    async fn batch(&self, fresh: Vec<(Timestamp, C::Update)>) -> Result<Vec<C::Update>> {
        let broadcaster = self.broadcaster;
        let is_sent = |update: &C::Update| {
            C::posted_message(update)
                .is_some_and(|message| broadcaster.cursors.includes(&self.channel, message.seq))
        };
        let fresh: Vec<_> = fresh
            .into_iter()
            .filter(|(_, update)| !is_sent(update))
            .collect();
        let busy = fresh.iter().find_map(|(at, update)| {
            let message = C::posted_message(update).filter(|message| message.is_busy)?;
            Some((*at, message.seq))
        });
        let updates = fresh.into_iter().map(|(_, update)| update);
        let Some((at, first_seq)) = busy else {
            return Ok(updates.collect());
        };
        let waited = broadcaster.clock.now().duration_since(at);
        let waited = Duration::try_from(waited).unwrap_or_default();
        tokio::time::sleep(BATCH_DELAY.saturating_sub(waited)).await;
        let messages = self
            .read_with_retry("messages", || {
                broadcaster.reader.messages_from(
                    &self.channel,
                    first_seq,
                    MAX_BATCH_MESSAGES,
                    self.correlation_id,
                )
            })
            .await?;
        Ok(merge::<C>(updates, messages, first_seq))
    }
}

/// Puts the messages that were read since `first_seq` before the other updates, and drops updates that repeat them.
fn merge<C: Channel>(
    updates: impl Iterator<Item = C::Update>,
    messages: Vec<C::Update>,
    first_seq: u64,
) -> Vec<C::Update> {
    let last_seq = messages.last().and_then(C::posted_message);
    let last_seq = last_seq.map_or(0, |message| message.seq);
    let is_read = |update: &C::Update| {
        C::posted_message(update)
            .is_some_and(|message| (first_seq..=last_seq).contains(&message.seq))
    };
    let others: Vec<_> = updates.filter(|update| !is_read(update)).collect();
    messages.into_iter().chain(others).collect()
}
