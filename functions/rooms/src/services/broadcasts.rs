//! The queue of broadcasts: one FIFO group a room, so that its updates are delivered in order.

use confab_aws::Queue;
use confab_core::{CorrelationId, Result, Timestamp};
use confab_live::BroadcastQueue;
use rooms_domain::{Message, RemovalReason, Room, RoomCode, RoomUpdate};

use crate::room_channels::RoomChannels;

#[derive(Debug)]
pub(crate) struct Broadcasts(BroadcastQueue);

impl Broadcasts {
    pub(crate) fn new(queue: Queue) -> Self {
        Self(BroadcastQueue::new(queue))
    }

    pub(crate) fn queue(&self) -> &BroadcastQueue {
        &self.0
    }

    /// Publishes an update to a room. Within five minutes, SQS drops others with the same idempotency key.
    pub(crate) async fn publish(
        &self,
        room: RoomCode,
        idempotency_key: &str,
        at: Timestamp,
        update: RoomUpdate,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        self.0
            .publish::<RoomChannels>(&room, idempotency_key, at, update, correlation_id)
            .await
    }

    pub(crate) async fn publish_message_changed(
        &self,
        room: RoomCode,
        message: Message,
        at: Timestamp,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        let key = format!("changed#{room}#{}#{}", message.seq, message.rev);
        let update = RoomUpdate::MessageChanged {
            message: Box::new(message),
        };
        self.publish(room, &key, at, update, correlation_id).await
    }

    /// Publishes the pin that a room shows at its current version.
    pub(crate) async fn publish_pin(
        &self,
        room: &Room,
        version: u64,
        now: Timestamp,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        let key = format!("pin#{}#{version}", room.code);
        let update = RoomUpdate::PinChanged {
            pin: room.pin_view(now).map(Box::new),
        };
        self.publish(room.code, &key, now, update, correlation_id)
            .await
    }

    /// Removes all users from a closed room and its back room.
    pub(crate) async fn publish_room_closed(
        &self,
        room: &Room,
        at: Timestamp,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        for code in room.back_room.into_iter().chain([room.code]) {
            let removed = RoomUpdate::Removed {
                user_id: None,
                reason: RemovalReason::Closed,
                at,
            };
            let key = format!("closed#{code}");
            self.publish(code, &key, at, removed, correlation_id)
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn depth(&self) -> Result<u64> {
        self.0.depth().await
    }
}
