//! Updates that are broadcast to the connections of a room.

use confab_contracts::Contract;
use confab_core::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
#[cfg(feature = "contract")]
use ts_rs::TS;
#[cfg(feature = "contract")]
use utoipa::ToSchema;

use crate::{Message, Pin, RoomCode, RoomView, Username};

/// What has changed in a room, for all of its connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum RoomUpdate {
    #[serde(rename = "said")]
    MessagePosted {
        message: Box<Message>,
        /// The broadcaster may delay messages of a busy room a little, to batch them.
        #[serde(default)]
        is_busy: bool,
    },
    #[serde(rename = "changed")]
    MessageChanged { message: Box<Message> },
    Typing {
        user_id: UserId,
        username: Username,
        on: bool,
    },
    #[serde(rename = "online")]
    OnlineCount { online: u32 },
    #[serde(rename = "room")]
    RoomChanged { room: Box<RoomView> },
    /// The pin that is shown from now on.
    #[serde(rename = "pin")]
    PinChanged { pin: Option<Box<Pin>> },
    /// A mute or its end, sent to this user only.
    Muted { user_id: UserId, is_muted: bool },
    /// Removes one user, or all users when `user_id` is `None`.
    #[serde(rename = "shown_out")]
    Removed {
        user_id: Option<UserId>,
        reason: RemovalReason,
        /// Connections with later tickets stay open.
        at: Timestamp,
    },
    /// Removes all connected users who are not members.
    #[serde(rename = "members_only")]
    ReadersRemoved { at: Timestamp },
}

impl RoomUpdate {
    /// Whether a late update is worthless: it is outdated, or clients have repaired the gap themselves.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::MessagePosted { .. } | Self::Typing { .. } | Self::OnlineCount { .. }
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "contract", ts(rename = "Reason"))]
#[cfg_attr(feature = "contract", schema(as = Reason))]
pub enum RemovalReason {
    Kicked,
    Banned,
    Closed,
    /// The user left, perhaps on another device.
    Left,
    /// Only members may read the room from now on.
    MembersOnly,
}

/// A room and its back room were closed: refund what is due, then delete their rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomClosed {
    pub code: RoomCode,
}

impl Contract for RoomClosed {
    const TYPE: &'static str = "room_closed";
    const VERSION: u16 = 1;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn updates_keep_their_names_on_the_wire() {
        let at = Timestamp::UNIX_EPOCH;
        let updates = [
            RoomUpdate::OnlineCount { online: 3 },
            RoomUpdate::Removed {
                user_id: None,
                reason: RemovalReason::Closed,
                at,
            },
            RoomUpdate::ReadersRemoved { at },
        ];
        let expected = json!([
            { "news": "online", "online": 3 },
            { "news": "shown_out", "user_id": null, "reason": "closed", "at": "1970-01-01T00:00:00Z" },
            { "news": "members_only", "at": "1970-01-01T00:00:00Z" },
        ]);
        assert_eq!(serde_json::to_value(updates).unwrap(), expected);
    }
}
