//! The queue of broadcasts: one FIFO group a channel, so that its updates are delivered in order.

use confab_aws::Queue;
use confab_core::{CorrelationId, Result, Timestamp};
use confab_live::{BroadcastQueue, Publication};

use super::live_updates::LiveUpdate;
use crate::live_channels::{LiveChannel, LiveChannels};

#[derive(Debug)]
pub(crate) struct Broadcasts(BroadcastQueue);

impl Broadcasts {
    pub(crate) fn new(queue: Queue) -> Self {
        Self(BroadcastQueue::new(queue))
    }

    pub(crate) fn queue(&self) -> &BroadcastQueue {
        &self.0
    }

    /// Publishes an update to a channel. Within five minutes, SQS drops others with the same idempotency key.
    pub(crate) async fn publish(
        &self,
        channel: LiveChannel,
        idempotency_key: &str,
        at: Timestamp,
        update: LiveUpdate,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        self.0
            .publish::<LiveChannels>(&channel, idempotency_key, at, update, correlation_id)
            .await
    }

    /// Publishes to several channels in one call.
    pub(crate) async fn publish_all(
        &self,
        publications: Vec<Publication<LiveChannel, LiveUpdate>>,
        at: Timestamp,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        self.0
            .publish_all::<LiveChannels>(publications, at, correlation_id)
            .await
    }

    pub(crate) async fn depth(&self) -> Result<u64> {
        self.0.depth().await
    }
}
