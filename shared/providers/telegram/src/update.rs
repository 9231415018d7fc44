//! Updates that Telegram's webhook delivers.

mod command;
mod parse;
#[cfg(test)]
mod tests;
mod wire;

use confab_core::{Private, Timestamp};
use serde::{Deserialize, Serialize};

pub use command::Command;
pub use parse::parse;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    pub id: i64,
    pub kind: UpdateKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateKind {
    Message(Box<Message>),
    /// Recognised so that it can be counted: editing a message changes nothing.
    EditedMessage,
    CallbackQuery(CallbackQuery),
    MyChatMember(MemberChange),
    /// Any other type, such as `chat_boost`, or a malformed part, such as `broken:message`. Fit for
    /// metric names.
    Other {
        name: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: i64,
    pub chat: Chat,
    pub from: Option<Person>,
    pub sent_at: Timestamp,
    /// The text, or the caption of a picture.
    pub text: Option<Private<String>>,
    /// The command that the text begins with.
    pub command: Option<Command>,
    /// The message in the same chat that this one replies to.
    pub reply_to: Option<i64>,
    pub attachment: Option<Attachment>,
    /// The new id of this group, which became a supergroup.
    pub migrate_to_chat_id: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    pub id: i64,
    pub kind: ChatKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    Private,
    Group,
    Supergroup,
    Channel,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: i64,
    pub is_bot: bool,
    pub first_name: Private<String>,
    /// An IETF tag, such as `pt-br`.
    pub language: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attachment {
    Picture(Picture),
    /// A picture that Telegram does not let bots download.
    TooLarge,
}

/// The largest size of a photo, or a document that is a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    pub file_id: String,
    /// In bytes, as far as Telegram tells it.
    pub size: Option<u64>,
}

/// A tap on a button. It must be answered, and Telegram keeps it for 150 seconds only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackQuery {
    pub id: String,
    pub from: Person,
    /// `None` when Telegram does not say which message has the button.
    pub message: Option<CallbackMessage>,
    pub data: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackMessage {
    pub id: i64,
    pub chat: Chat,
    /// A deleted or very old message cannot be edited.
    pub is_accessible: bool,
}

/// The bot was added, removed, blocked or unblocked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberChange {
    pub chat: Chat,
    pub from: Person,
    pub at: Timestamp,
    pub was_member: bool,
    /// The bot can write to the chat.
    pub is_member: bool,
}

impl Update {
    /// Returns the id under which copies of this update are recognised, in any bot's queue.
    pub fn dedup_id(&self, bot_id: i64) -> String {
        format!("tg{bot_id}-{}", self.id)
    }

    /// Returns the FIFO group: Telegram's own queues give messages, taps and membership no common
    /// order.
    /// Returns `None` for an update that is only counted.
    pub fn group(&self) -> Option<String> {
        Some(format!("tg:{}", self.chat_id()?))
    }

    /// Returns the chat; for a tap without a message the person's private chat, which has their id.
    pub fn chat_id(&self) -> Option<i64> {
        match &self.kind {
            UpdateKind::Message(message) => Some(message.chat.id),
            UpdateKind::CallbackQuery(query) => {
                let chat_id = query.message.map(|message| message.chat.id);
                Some(chat_id.unwrap_or(query.from.id))
            }
            UpdateKind::MyChatMember(change) => Some(change.chat.id),
            UpdateKind::EditedMessage | UpdateKind::Other { .. } => None,
        }
    }
}
