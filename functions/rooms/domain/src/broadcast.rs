//! What goes through the queue of broadcasts.

use confab_contracts::Contract;
use confab_core::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{Message, Pin, RoomCode, RoomView, Username};

/// Something that everybody in a room is to see. One version a variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum BroadcastJob {
    #[serde(rename = "1")]
    V1 {
        room: RoomCode,
        at: Timestamp,
        news: Vec<News>,
        /// The sort key of the last socket that has it, when a broadcast goes on in another job.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    Said {
        message: Box<Message>,
        /// The room is busy: it may wait for others a little.
        #[serde(default)]
        is_busy: bool,
    },
    Changed {
        message: Box<Message>,
    },
    Typing {
        user_id: UserId,
        username: Username,
        on: bool,
    },
    /// So many are here.
    Online {
        online: u32,
    },
    Room {
        room: Box<RoomView>,
    },
    /// What is at the top now.
    Pin {
        pin: Option<Box<Pin>>,
    },
    /// Somebody may not talk any more, or may again: their affair alone.
    Muted {
        user_id: UserId,
        is_muted: bool,
    },
    /// Somebody is shown out, or everybody.
    ShownOut {
        user_id: Option<UserId>,
        reason: Reason,
        /// Whoever comes later is let in or not by what is so then.
        at: Timestamp,
    },
    /// Whoever is not in the room is shown out.
    MembersOnly {
        at: Timestamp,
    },
}

impl News {
    /// Late it is worth nothing: it is over, or whoever misses it asks for it.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Self::Said { .. } | Self::Typing { .. } | Self::Online { .. }
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Kicked,
    Banned,
    Closed,
    /// They left themselves, maybe elsewhere.
    Left,
    /// Only who is in it may read it now.
    MembersOnly,
}

/// A room and the one behind it are closed: what is owed goes back, and what is left of them goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomClosed {
    pub code: RoomCode,
}

impl Contract for RoomClosed {
    const TYPE: &'static str = "room_closed";
    const VERSION: u16 = 1;
}
