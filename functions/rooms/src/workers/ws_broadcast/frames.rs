//! The frames of a broadcast, rendered once for all connections.

use std::collections::BTreeSet;

use confab_core::{Result, Timestamp, UserId};
use rooms_domain::{Message, RemovalReason, RoomUpdate, ServerFrame, split_into_frames};

use crate::store::Connection;

/// The farewell frame of a removal, and whose connections it closes.
struct RemovalFrame {
    /// `None`: all users.
    user: Option<UserId>,
    /// Connections with later tickets stay open.
    tickets_until: Timestamp,
    frame: Vec<u8>,
}

impl RemovalFrame {
    fn concerns(&self, connection: &Connection) -> bool {
        let is_of_user = self.user.is_none_or(|user| user == connection.user);
        is_of_user && connection.ticket.made_at() <= self.tickets_until
    }
}

#[derive(Default)]
pub(super) struct Frames {
    /// Frames for all connections, in order.
    shared: Vec<Vec<u8>>,
    /// Frames for one user.
    private: Vec<(UserId, Vec<u8>)>,
    removals: Vec<RemovalFrame>,
    /// Removes all users who are not members.
    readers_removal: Option<RemovalFrame>,
}

impl Frames {
    pub(super) fn render<'a>(updates: impl Iterator<Item = &'a RoomUpdate>) -> Result<Self> {
        let (mut frames, mut messages) = (Self::default(), Vec::<Message>::new());
        for update in updates {
            match update {
                RoomUpdate::MessagePosted { message, .. } => messages.push((**message).clone()),
                other => frames.add(other)?,
            }
        }
        // Messages go first.
        let last_seq = messages.iter().map(|message| message.seq).max();
        let last_seq = last_seq.unwrap_or_default();
        let mut shared = Vec::new();
        for messages in split_into_frames(&messages) {
            shared.push(ServerFrame::Messages { messages, last_seq }.render()?);
        }
        shared.append(&mut frames.shared);
        frames.shared = shared;
        Ok(frames)
    }

    fn add(&mut self, update: &RoomUpdate) -> Result<()> {
        match update {
            RoomUpdate::Muted { user_id, is_muted } => {
                let muted = ServerFrame::Muted {
                    is_muted: *is_muted,
                };
                self.private.push((*user_id, muted.render()?));
            }
            RoomUpdate::Removed {
                user_id,
                reason,
                at,
            } => self.removals.push(removal_frame(*user_id, *reason, *at)?),
            RoomUpdate::ReadersRemoved { at } => self.remove_readers(*at)?,
            shared => {
                if let Some(frame) = shared_frame(shared) {
                    self.shared.push(frame.render()?);
                }
            }
        }
        Ok(())
    }

    /// Of several removals of readers, the latest one counts.
    fn remove_readers(&mut self, at: Timestamp) -> Result<()> {
        let latest = self.readers_removal.as_ref().map(|last| last.tickets_until);
        if latest.is_none_or(|latest| latest < at) {
            let removal = removal_frame(None, RemovalReason::MembersOnly, at)?;
            self.readers_removal = Some(removal);
        }
        Ok(())
    }

    pub(super) fn has_removals(&self) -> bool {
        self.removes_readers() || !self.removals.is_empty()
    }

    pub(super) fn removes_readers(&self) -> bool {
        self.readers_removal.is_some()
    }

    /// Returns the farewell frame of a connection that is to be closed. `members` is known if readers are removed.
    pub(super) fn farewell(
        &self,
        connection: &Connection,
        members: Option<&BTreeSet<UserId>>,
    ) -> Option<&[u8]> {
        let is_member = members.is_none_or(|members| members.contains(&connection.user));
        let removal = self
            .removals
            .iter()
            .find(|removal| removal.concerns(connection))
            .or_else(|| {
                self.readers_removal
                    .as_ref()
                    .filter(|removal| !is_member && removal.concerns(connection))
            })?;
        Some(&removal.frame)
    }

    /// Returns the frames of a connection that stays open, in order.
    pub(super) fn of_user(&self, user: UserId) -> impl Iterator<Item = &[u8]> {
        let private = self
            .private
            .iter()
            .filter(move |(recipient, _)| *recipient == user)
            .map(|(_, frame)| frame);
        self.shared.iter().chain(private).map(Vec::as_slice)
    }
}

/// Returns the frame of an update that all connections receive. Messages are batched separately.
fn shared_frame(update: &RoomUpdate) -> Option<ServerFrame<'_>> {
    match update {
        RoomUpdate::MessageChanged { message } => Some(ServerFrame::Changed { message }),
        RoomUpdate::Typing {
            user_id,
            username,
            on,
        } => Some(ServerFrame::Typing {
            user_id: *user_id,
            username,
            on: *on,
        }),
        RoomUpdate::OnlineCount { online } => Some(ServerFrame::Online { online: *online }),
        RoomUpdate::PinChanged { pin } => Some(ServerFrame::Pin {
            pin: pin.as_deref(),
        }),
        RoomUpdate::RoomChanged { room } => Some(ServerFrame::Room { room }),
        RoomUpdate::MessagePosted { .. }
        | RoomUpdate::Muted { .. }
        | RoomUpdate::Removed { .. }
        | RoomUpdate::ReadersRemoved { .. } => None,
    }
}

fn removal_frame(
    user: Option<UserId>,
    reason: RemovalReason,
    tickets_until: Timestamp,
) -> Result<RemovalFrame> {
    Ok(RemovalFrame {
        user,
        tickets_until,
        frame: ServerFrame::Kicked { reason }.render()?,
    })
}
