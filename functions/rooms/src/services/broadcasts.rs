//! The queue of broadcasts: one FIFO group a room, so that its updates are delivered in order.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use confab_aws::{Entry, Queue};
use confab_core::{CorrelationId, Error, Result, Timestamp};
use rooms_domain::{BroadcastJob, Message, RemovalReason, Room, RoomCode, RoomUpdate};

/// SQS takes 256 KB a message. A hundred long messages are more.
const MAX_JOB_BYTES: usize = 200 * 1024;
/// Rooms whose cursor a process keeps.
const MAX_CURSORS: usize = 1_000;

#[derive(Debug)]
pub(crate) struct Broadcasts(Queue);

impl Broadcasts {
    pub(crate) fn new(queue: Queue) -> Self {
        Self(queue)
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
        let job = BroadcastJob::V1 {
            room,
            at,
            updates: vec![update],
            after: None,
        };
        let entry = Entry::fifo(room.as_str(), idempotency_key, &job, correlation_id)?;
        self.0.send(&[entry]).await
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

    /// Leaves the connections after a cursor to later jobs.
    pub(crate) async fn continue_after(
        &self,
        cursor: &str,
        room: RoomCode,
        updates: Vec<RoomUpdate>,
        at: Timestamp,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        let mut entries = Vec::new();
        for (index, updates) in split_into_jobs(updates)?.into_iter().enumerate() {
            let key = format!("on#{room}#{cursor}#{}#{index}", at.as_millisecond());
            let job = BroadcastJob::V1 {
                room,
                at,
                updates,
                after: Some(cursor.to_owned()),
            };
            entries.push(Entry::fifo(room.as_str(), &key, &job, correlation_id)?);
        }
        self.0.send(&entries).await
    }

    pub(crate) async fn depth(&self) -> Result<u64> {
        self.0.depth().await
    }
}

/// Splits updates, in order, into parts that fit into a queue message each.
fn split_into_jobs(updates: Vec<RoomUpdate>) -> Result<Vec<Vec<RoomUpdate>>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for update in updates {
        let size = serde_json::to_string(&update)
            .map_err(|e| Error::internal("render_failed", e))?
            .len();
        if bytes + size > MAX_JOB_BYTES && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += size;
        part.push(update);
    }
    parts.push(part);
    Ok(parts)
}

/// The last number that this process has broadcast in each busy room. A job of an earlier message has nothing to do.
#[derive(Debug, Default)]
pub(crate) struct BroadcastCursors(Mutex<HashMap<RoomCode, u64>>);

impl BroadcastCursors {
    pub(crate) fn includes(&self, room: RoomCode, seq: u64) -> bool {
        let cursors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cursors.get(&room).is_some_and(|cursor| seq <= *cursor)
    }

    pub(crate) fn advance(&self, room: RoomCode, seq: u64) {
        let mut cursors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cursors.len() >= MAX_CURSORS {
            cursors.clear();
        }
        let cursor = cursors.entry(room).or_default();
        *cursor = seq.max(*cursor);
    }
}

#[cfg(test)]
mod tests {
    use rooms_domain::{ClientMessageId, Message};

    use super::*;
    use crate::testing::{person, user};

    /// API Gateway was slow, and the rest of the room is left to another invocation.
    #[test]
    fn continuations_fit_into_a_queue_message_and_keep_the_order() {
        let message = |seq: u64| Message {
            seq,
            at: Timestamp::UNIX_EPOCH,
            user_id: user(1),
            username: person(1).username,
            text: "ש".repeat(2_000).into(),
            client_msg_id: ClientMessageId::parse(&format!("message-{seq:04}")).unwrap(),
            reply_to: None,
            is_deleted: false,
            reactions: Vec::new(),
            rev: 0,
            tip: None,
        };
        let posted = |seq| RoomUpdate::MessagePosted {
            message: Box::new(message(seq)),
            is_busy: false,
        };
        let updates: Vec<_> = (1..=100).map(posted).collect();
        let parts = split_into_jobs(updates.clone()).unwrap();
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(serde_json::to_string(part).unwrap().len() < 240 * 1024);
        }
        let rejoined = serde_json::to_value(parts.concat()).unwrap();
        assert_eq!(rejoined, serde_json::to_value(updates).unwrap());
    }
}
