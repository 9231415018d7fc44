//! Realtime channels: tickets, numbered messages, broadcasts, presence and gap repair.
//!
//! A channel is what a client subscribes to with one socket: a chat room, a conversation, an inbox. The service that
//! owns it implements `Channel` and keeps its messages. This crate keeps connections and removals, and delivers updates.
//!
//! Architecture invariant: nothing here knows a product. Rooms and desk use it, each with its own rows and frames.

mod broadcast;
mod channel;
mod connections;
mod gap;
mod jobs;
mod numbering;
mod presence;
mod removals;
mod rows;
mod tickets;

pub use broadcast::{BroadcastCursors, Broadcaster, ChannelReader, Frames, Recipients};
pub use channel::{Channel, Partition, PostedMessage};
pub use connections::{Connection, ConnectionPage, Connections};
pub use gap::{GapRepair, MAX_MISSED_MESSAGES, is_repairable};
pub use jobs::{BroadcastJob, BroadcastQueue, Publication};
pub use numbering::{
    Attempt, LatestMessages, NumberedWrite, RESERVATION_SIZE, reserve, store_under_next_number,
};
pub use presence::{CountPolicy, OnlineCount, PresenceStore};
pub use removals::{Removal, Removals};
pub use rows::decode_rows;
pub use tickets::Tickets;
