//! Messages of a conversation, ordered by gapless numbers. Notes and events have numbers too.

mod attachment;
mod deletion;
mod draft;
mod event;
mod upload;
mod visitor_view;

use confab_core::{Private, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::{BotId, LanguageTag, VisitorId};

pub use attachment::{Attachment, MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, MediaType};
pub use draft::{ClientMessageId, MAX_TEXT_CHARS, MessageDraft, MessageText};
pub use event::{ConversationEvent, EndReason, Handler, HandoffReason};
pub use upload::{UPLOAD_TTL, Upload, UploadMessage, UploadRefusal, UploadState};
pub use visitor_view::{VisitorAuthor, VisitorEvent, VisitorMessage, VisitorMessageKind};

/// Who wrote a message or changed a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Author {
    Visitor {
        id: VisitorId,
        name: Option<Private<String>>,
    },
    Bot {
        id: BotId,
        name: String,
    },
    Agent {
        id: UserId,
        name: Private<String>,
    },
    /// Desk itself: schedules, imports and limits.
    System,
}

impl Author {
    /// Returns the key that is unique among the authors of a conversation. With the client's id it names a message.
    pub fn key(&self) -> String {
        match self {
            Self::Visitor { id, .. } => id.to_string(),
            Self::Bot { id, .. } => id.to_string(),
            Self::Agent { id, .. } => id.to_string(),
            Self::System => "system".to_owned(),
        }
    }

    /// Whether both are the same author, whatever the name.
    pub fn is_same(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    Message,
    /// For agents only.
    Note,
    /// A change of the conversation. It has no text.
    Event,
}

/// What a bot's message offers besides its text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Offer {
    /// Texts that the visitor can send with one tap.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub form: Option<OfferedForm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OfferedForm {
    /// The pre-chat form of the widget's configuration.
    Prechat,
    /// One field for an email address.
    Address,
}

impl Offer {
    pub fn is_empty(&self) -> bool {
        self.quick_replies.is_empty() && self.form.is_none()
    }
}

/// A message as it is stored, and as agents see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Message {
    pub seq: u64,
    pub at: Timestamp,
    pub author: Author,
    pub kind: MessageKind,
    /// Empty in events and tombstones.
    pub text: Private<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub event: Option<ConversationEvent>,
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// `None` in events.
    pub client_msg_id: Option<ClientMessageId>,
    #[serde(default)]
    pub reply_to: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub language: Option<LanguageTag>,
    #[serde(default, skip_serializing_if = "Offer::is_empty")]
    pub offer: Offer,
    /// Incremented by each change; the higher revision is current.
    #[serde(default)]
    pub rev: u64,
    #[serde(default)]
    pub is_deleted: bool,
}

impl Message {
    /// Makes a message or a note of a draft.
    pub fn of_draft(draft: &MessageDraft, author: &Author, seq: u64, at: Timestamp) -> Self {
        Self {
            seq,
            at,
            author: author.clone(),
            kind: if draft.is_note {
                MessageKind::Note
            } else {
                MessageKind::Message
            },
            text: draft.text.as_str().into(),
            event: None,
            attachments: draft.attachments.clone(),
            client_msg_id: Some(draft.client_msg_id.clone()),
            reply_to: draft.reply_to,
            language: draft.language.clone(),
            offer: draft.offer.clone(),
            rev: 0,
            is_deleted: false,
        }
    }

    pub fn of_event(event: ConversationEvent, author: &Author, seq: u64, at: Timestamp) -> Self {
        Self {
            seq,
            at,
            author: author.clone(),
            kind: MessageKind::Event,
            text: String::new().into(),
            event: Some(event),
            attachments: Vec::new(),
            client_msg_id: None,
            reply_to: None,
            language: None,
            offer: Offer::default(),
            rev: 0,
            is_deleted: false,
        }
    }
}

#[cfg(test)]
mod tests;
