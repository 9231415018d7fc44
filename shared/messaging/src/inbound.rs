//! Messages that a person sent, as webhooks bring them.

use confab_core::{Private, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Address, Identity, StatusUpdate};

/// One item of a webhook, which may bring many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Update {
    Message(Inbound),
    Status(StatusUpdate),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// The provider's id, which is the same in every copy of the delivery.
    pub id: String,
    pub from: Address,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Private<String>>,
    pub sent_at: Timestamp,
    /// The provider's id of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    Text {
        text: Private<String>,
    },
    /// One or more files; Twilio may send several in one message.
    Media {
        items: Vec<Media>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<Private<String>>,
    },
    /// A tap on a button or a list row that we offered.
    Choice {
        id: String,
        title: String,
    },
    /// `None` removes the reaction.
    Reaction {
        message_id: String,
        emoji: Option<String>,
    },
    NumberChanged {
        new: Identity,
    },
    /// An unknown kind, with the provider's name for it.
    Unsupported {
        what: String,
    },
}

impl Content {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media { .. } => "media",
            Self::Choice { .. } => "choice",
            Self::Reaction { .. } => "reaction",
            Self::NumberChanged { .. } => "number_changed",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Meta's media id, or the URL at Twilio.
    pub source: String,
    pub mime_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}
