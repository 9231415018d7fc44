//! Rooms as realtime channels: the rows of their connections, and the frames of their updates.

use confab_core::{Result, UserId};
use confab_live::{Channel, Frames, Partition, PostedMessage, Recipients};
use rooms_domain::{Message, RemovalReason, RoomCode, RoomUpdate, ServerFrame, split_into_frames};

#[derive(Debug)]
pub(crate) enum RoomChannels {}

impl Channel for RoomChannels {
    type Id = RoomCode;
    type User = UserId;
    type Reason = RemovalReason;
    type Update = RoomUpdate;

    fn connections(room: &RoomCode) -> Partition {
        Partition::new(format!("LIVE#{room}"), "")
    }

    fn removals(room: &RoomCode) -> Partition {
        Partition::new(format!("REMOVED#{room}"), "")
    }

    fn posted_message(update: &RoomUpdate) -> Option<PostedMessage> {
        match update {
            RoomUpdate::MessagePosted { message, is_busy } => Some(PostedMessage {
                seq: message.seq,
                is_busy: *is_busy,
            }),
            _ => None,
        }
    }

    fn is_transient(update: &RoomUpdate) -> bool {
        update.is_transient()
    }

    /// Messages go first, in as few frames as fit.
    fn render(updates: &[RoomUpdate]) -> Result<Frames<UserId>> {
        let mut messages: Vec<Message> = Vec::new();
        for update in updates {
            if let RoomUpdate::MessagePosted { message, .. } = update {
                messages.push((**message).clone());
            }
        }
        let mut frames = Frames::default();
        let last_seq = messages.iter().map(|message| message.seq).max();
        let last_seq = last_seq.unwrap_or_default();
        for messages in split_into_frames(&messages) {
            frames.push(ServerFrame::Messages { messages, last_seq }.render()?);
        }
        for update in updates {
            add_update(&mut frames, update)?;
        }
        Ok(frames)
    }

    fn farewell(reason: &RemovalReason) -> Result<Vec<u8>> {
        ServerFrame::Kicked { reason: *reason }.render()
    }
}

/// Adds the frame of an update that posts no message.
fn add_update(frames: &mut Frames<UserId>, update: &RoomUpdate) -> Result<()> {
    let shared = match update {
        RoomUpdate::MessagePosted { .. } => return Ok(()),
        RoomUpdate::Muted { user_id, is_muted } => {
            let muted = ServerFrame::Muted {
                is_muted: *is_muted,
            };
            frames.push_private(*user_id, muted.render()?);
            return Ok(());
        }
        RoomUpdate::Removed {
            user_id,
            reason,
            at,
        } => {
            let recipients = user_id.map_or(Recipients::Everyone, Recipients::User);
            frames.remove(recipients, *at, RoomChannels::farewell(reason)?);
            return Ok(());
        }
        RoomUpdate::ReadersRemoved { at } => {
            let farewell = RoomChannels::farewell(&RemovalReason::MembersOnly)?;
            frames.remove(Recipients::NonMembers, *at, farewell);
            return Ok(());
        }
        RoomUpdate::MessageChanged { message } => ServerFrame::Changed { message },
        RoomUpdate::Typing {
            user_id,
            username,
            on,
        } => ServerFrame::Typing {
            user_id: *user_id,
            username,
            on: *on,
        },
        RoomUpdate::OnlineCount { online } => ServerFrame::Online { online: *online },
        RoomUpdate::PinChanged { pin } => ServerFrame::Pin {
            pin: pin.as_deref(),
        },
        RoomUpdate::RoomChanged { room } => ServerFrame::Room { room },
    };
    frames.push(shared.render()?);
    Ok(())
}
