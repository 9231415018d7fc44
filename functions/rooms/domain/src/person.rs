//! Somebody in a room.

use confab_kernel::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::Username;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub user_id: UserId,
    pub username: Username,
    pub joined_at: Timestamp,
    #[serde(default)]
    pub place: Place,
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_muted: bool,
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Person {
    pub fn is_inside(&self) -> bool {
        self.place == Place::Inside
    }
}
