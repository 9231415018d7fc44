//! A person, whatever number or name they write from.

use confab_core::{Private, Timestamp, UserId};
use confab_messaging::{Address, Button};
use serde::{Deserialize, Serialize};

use crate::{Language, Visit};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Private<String>>,
    pub language: Language,
    pub created_at: Timestamp,
    pub last_message_at: Timestamp,
    /// Where they wrote from last, and are answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    #[serde(default, skip_serializing_if = "Visit::is_blank")]
    pub visit: Visit,
    /// When the studio has to think of them by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// What we offered last: a channel without buttons answers with its number or its title.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offered: Vec<Button>,
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
            visit: Visit::default(),
            due: None,
            offered: Vec::new(),
        }
    }

    pub fn first_name(&self) -> Option<&str> {
        self.name
            .as_ref()
            .map(|name| name.as_str())
            .filter(|name| !name.is_empty())
    }

    /// As it stands after a word: ` Dana`, or nothing.
    pub fn spaced_name(&self) -> String {
        self.first_name()
            .map(|name| format!(" {name}"))
            .unwrap_or_default()
    }

    /// The same person under another id: what was said last is what holds.
    #[must_use]
    pub fn merged_with(self, other: Self) -> Self {
        let (id, created_at) = (self.id, self.created_at.min(other.created_at));
        let is_later = other.last_message_at > self.last_message_at;
        let (mut later, earlier) = if is_later {
            (other, self)
        } else {
            (self, other)
        };
        later.visit = later.visit.with_earlier(earlier.visit);
        Self {
            id,
            created_at,
            ..later
        }
    }
}
