//! Views of the inbox: which conversations they show, where the index has them, and in which order.

use std::fmt;

use confab_core::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::{BotId, ConversationId, ConversationStatus, Head, phrases::fits_query};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InboxView {
    /// Open and assigned to the agent who looks.
    Mine,
    Unassigned,
    /// Everything open.
    All,
    Bot,
    Snoozed,
    Closed,
    /// With a note that mentions the agent who looks.
    Mentions,
}

impl InboxView {
    pub const ALL: [Self; 7] = [
        Self::Mine,
        Self::Unassigned,
        Self::All,
        Self::Bot,
        Self::Snoozed,
        Self::Closed,
        Self::Mentions,
    ];

    /// Views that are counted. Closed conversations only grow in number.
    pub const COUNTED: [Self; 6] = [
        Self::Mine,
        Self::Unassigned,
        Self::All,
        Self::Bot,
        Self::Snoozed,
        Self::Mentions,
    ];

    /// Whether a view shows a conversation to an agent.
    pub fn shows(self, head: &Head, me: UserId) -> bool {
        match self {
            Self::Mine => head.status == ConversationStatus::Open && head.assignee == Some(me),
            Self::Unassigned => head.status == ConversationStatus::Open && head.assignee.is_none(),
            Self::All => head.status == ConversationStatus::Open,
            Self::Bot => head.status == ConversationStatus::Bot,
            Self::Snoozed => head.status == ConversationStatus::Snoozed,
            Self::Closed => head.status == ConversationStatus::Closed,
            Self::Mentions => head.mentions.contains(&me),
        }
    }

    /// Returns the partitions that hold the view. Each is sorted the same way, so that several are merged and continue
    /// after one cursor. `members` are the agents of the tenant, removed ones included while they have conversations.
    pub fn partitions(self, me: UserId, members: &[UserId]) -> Vec<InboxPartition> {
        match self {
            Self::Mine => vec![InboxPartition::Open(Some(me))],
            Self::Unassigned => vec![InboxPartition::Open(None)],
            Self::All => {
                let assigned = members
                    .iter()
                    .map(|member| InboxPartition::Open(Some(*member)));
                assigned.chain([InboxPartition::Open(None)]).collect()
            }
            Self::Bot => vec![InboxPartition::Bot],
            Self::Snoozed => vec![InboxPartition::Snoozed],
            Self::Closed => vec![InboxPartition::Closed],
            Self::Mentions => vec![InboxPartition::Mentions(me)],
        }
    }
}

/// A part of the index. Its text follows the tenant's prefix in the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InboxPartition {
    /// By assignee.
    Open(Option<UserId>),
    Bot,
    Snoozed,
    Closed,
    /// Pointers to heads, which lie in another partition.
    Mentions(UserId),
}

impl InboxPartition {
    /// Returns the one partition that a head lies in.
    pub fn of(head: &Head) -> Self {
        match head.status {
            ConversationStatus::Open => Self::Open(head.assignee),
            ConversationStatus::Bot => Self::Bot,
            ConversationStatus::Snoozed => Self::Snoozed,
            ConversationStatus::Closed => Self::Closed,
        }
    }

    /// Returns the partitions that hold a pointer to a head.
    pub fn pointers_to(head: &Head) -> impl Iterator<Item = Self> {
        head.mentions.iter().map(|user| Self::Mentions(*user))
    }
}

impl fmt::Display for InboxPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(Some(user)) => write!(f, "INBOX#open#{user}"),
            Self::Open(None) => f.write_str("INBOX#open#-"),
            Self::Bot => f.write_str("INBOX#bot#-"),
            Self::Snoozed => f.write_str("INBOX#snoozed#-"),
            Self::Closed => f.write_str("INBOX#closed#-"),
            Self::Mentions(user) => write!(f, "INBOX#mentions#{user}"),
        }
    }
}

/// The place of a conversation in every list: by its last message, newest first, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListKey {
    /// Rounded to the step of the index.
    pub at: Timestamp,
    pub id: ConversationId,
}

impl ListKey {
    pub fn of(head: &Head) -> Self {
        Self {
            at: head.listed_at(),
            id: head.id,
        }
    }

    /// Reads a sort key.
    pub fn parse(text: &str) -> Option<Self> {
        let (second, id) = text.split_once('#')?;
        Some(Self {
            at: Timestamp::from_second(second.parse().ok()?).ok()?,
            id: id.parse().ok()?,
        })
    }
}

/// The sort key, whose order as text is the order of the lists.
impl fmt::Display for ListKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}#{}", self.at.as_second().max(0), self.id)
    }
}

/// Narrows a view.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct InboxFilter {
    pub bot: Option<BotId>,
    pub tag: Option<String>,
    pub assignee: Option<UserId>,
    /// Words of the subject or the visitor's name.
    pub q: Option<String>,
}

impl InboxFilter {
    pub fn fits(&self, head: &Head) -> bool {
        let is_bot = self.bot.is_none_or(|bot| head.bot_id == Some(bot));
        let has_tag = self
            .tag
            .as_ref()
            .is_none_or(|tag| head.tags.contains(&tag.to_lowercase()));
        let is_assignee = self
            .assignee
            .is_none_or(|assignee| head.assignee == Some(assignee));
        is_bot && has_tag && is_assignee && self.q.as_ref().is_none_or(|q| fits_words(q, head))
    }
}

/// Whether each word begins a word of the subject or of the visitor's name.
fn fits_words(query: &str, head: &Head) -> bool {
    let name = head.visitor.name.as_ref().map_or("", |name| name.as_str());
    fits_query(query, &format!("{} {name}", head.subject.as_str()))
}

/// Where the next page of a list begins. Sealed before it leaves, so that it cannot be changed or moved to another
/// list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxCursor {
    pub view: InboxView,
    pub me: UserId,
    pub filter: InboxFilter,
    /// The last conversation of the page.
    pub after: ListKey,
}

impl InboxCursor {
    /// Whether the cursor continues this list.
    pub fn continues(&self, view: InboxView, me: UserId, filter: &InboxFilter) -> bool {
        self.view == view && self.me == me && self.filter == *filter
    }

    /// Whether a conversation comes after the last page.
    pub fn precedes(&self, key: &ListKey) -> bool {
        *key < self.after
    }
}

#[cfg(test)]
mod tests;
