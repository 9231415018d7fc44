//! Somebody in a room.

use confab_core::{OrderId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::Username;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub user_id: UserId,
    pub username: Username,
    pub joined_at: Timestamp,
    #[serde(default)]
    pub place: Place,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_muted: bool,
    /// The order that lets them into the back room: of a room in front, and of the back room itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrance: Option<OrderId>,
    /// The last message that they have seen, on whatever device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_seq: Option<u64>,
}

/// Whether they are in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    #[default]
    Inside,
    Left,
    Banned,
}

impl Person {
    /// Somebody who has just come in.
    pub fn new(user_id: UserId, username: Username, joined_at: Timestamp) -> Self {
        Self {
            user_id,
            username,
            joined_at,
            place: Place::Inside,
            is_muted: false,
            entrance: None,
            read_seq: None,
        }
    }

    pub fn is_inside(&self) -> bool {
        self.place == Place::Inside
    }
}
