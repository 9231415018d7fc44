//! A user, whichever phone number or scoped id they write from.

use confab_core::{Private, Timestamp, UserId};
use confab_messaging::{Address, Button};
use serde::{Deserialize, Serialize};

use crate::{Conversation, Language};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Private<String>>,
    pub language: Language,
    pub created_at: Timestamp,
    pub last_message_at: Timestamp,
    /// The address of the latest message: answers go there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    #[serde(
        default,
        rename = "visit",
        skip_serializing_if = "Conversation::is_default"
    )]
    pub conversation: Conversation,
    #[serde(default, rename = "due", skip_serializing_if = "Option::is_none")]
    pub next_timer_at: Option<Timestamp>,
    /// Choices of our latest message. On a channel without buttons, users answer with a number or a
    /// title.
    #[serde(default, rename = "offered", skip_serializing_if = "Vec::is_empty")]
    pub last_choices: Vec<Button>,
}

impl User {
    pub fn new(id: UserId, now: Timestamp) -> Self {
        Self {
            id,
            name: None,
            language: Language::default(),
            created_at: now,
            last_message_at: now,
            address: None,
            conversation: Conversation::default(),
            next_timer_at: None,
            last_choices: Vec::new(),
        }
    }

    pub fn first_name(&self) -> Option<&str> {
        self.name
            .as_ref()
            .map(|name| name.as_str())
            .filter(|name| !name.is_empty())
    }

    /// Returns the name with a space before it, such as ` Dana`, or nothing.
    pub fn spaced_name(&self) -> String {
        self.first_name()
            .map(|name| format!(" {name}"))
            .unwrap_or_default()
    }

    /// Merges two records of one user under this id. The later one's settings win.
    #[must_use]
    pub fn merged_with(self, other: Self) -> Self {
        let (id, created_at) = (self.id, self.created_at.min(other.created_at));
        let is_later = other.last_message_at > self.last_message_at;
        let (mut later, earlier) = if is_later {
            (other, self)
        } else {
            (self, other)
        };
        later.conversation = later.conversation.merged_with(earlier.conversation);
        Self {
            id,
            created_at,
            ..later
        }
    }
}
