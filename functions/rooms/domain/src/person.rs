//! A user of a room: a member, a former member, or a banned user.

use confab_core::{OrderId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::Username;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub user_id: UserId,
    pub username: Username,
    pub joined_at: Timestamp,
    #[serde(default, rename = "place")]
    pub membership: Membership,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_muted: bool,
    /// The order that admits to the back room. Stored with the person in both rooms.
    #[serde(default, rename = "entrance", skip_serializing_if = "Option::is_none")]
    pub back_room_order: Option<OrderId>,
    /// The highest message number that any of the user's devices has shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_seq: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    #[default]
    #[serde(rename = "inside")]
    Joined,
    Left,
    Banned,
}

impl Person {
    /// A member who has just joined.
    pub fn new(user_id: UserId, username: Username, joined_at: Timestamp) -> Self {
        Self {
            user_id,
            username,
            joined_at,
            membership: Membership::Joined,
            is_muted: false,
            back_room_order: None,
            read_seq: None,
        }
    }

    pub fn is_member(&self) -> bool {
        self.membership == Membership::Joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_people_keep_their_attribute_names() {
        let user_id = UserId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]);
        let order = OrderId::new(Timestamp::UNIX_EPOCH, &|| [2; 10]);
        let person = Person {
            back_room_order: Some(order),
            ..Person::new(
                user_id,
                Username::parse("Dana").unwrap(),
                Timestamp::UNIX_EPOCH,
            )
        };
        let stored = serde_json::to_value(&person).unwrap();
        assert_eq!(stored["place"], "inside");
        assert_eq!(stored["entrance"], order.to_string());
    }
}
