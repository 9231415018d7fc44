//! What visitors see of a conversation. The types have no place for a note, nor for anything of its handling.

use confab_core::{Private, Timestamp};
use serde::Serialize;

use super::{
    Attachment, Author, ClientMessageId, ConversationEvent, EndReason, Handler, Message,
    MessageKind, Offer,
};

/// A message as the visitor sees it. Numbers of notes are missing, so each batch names the numbers it covers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct VisitorMessage {
    pub seq: u64,
    pub at: Timestamp,
    pub author: VisitorAuthor,
    pub kind: VisitorMessageKind,
    pub text: Private<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub event: Option<VisitorEvent>,
    pub attachments: Vec<Attachment>,
    /// Of the visitor's own messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "contract", ts(optional))]
    pub client_msg_id: Option<ClientMessageId>,
    pub reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Offer::is_empty")]
    #[cfg_attr(feature = "contract", ts(as = "Option<Offer>", optional))]
    pub offer: Offer,
    pub rev: u64,
    pub is_deleted: bool,
}

/// An author without ids: visitors know people by the name they chose to show.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum VisitorAuthor {
    Visitor,
    Bot { name: String },
    Agent { name: Private<String> },
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VisitorMessageKind {
    Message,
    Event,
}

/// Events that concern the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum VisitorEvent {
    Started,
    HandedOff { to: Handler },
    TookOver,
    Reopened,
    Ended,
}

impl VisitorEvent {
    fn of(event: &ConversationEvent) -> Option<Self> {
        match event {
            ConversationEvent::Started => Some(Self::Started),
            ConversationEvent::HandedOff { to, .. } => Some(Self::HandedOff { to: *to }),
            ConversationEvent::TookOver => Some(Self::TookOver),
            ConversationEvent::Reopened => Some(Self::Reopened),
            // The visitor is not told that it was taken for spam.
            ConversationEvent::Ended { reason } => match reason {
                EndReason::Spam => None,
                EndReason::Resolved | EndReason::NoReply | EndReason::Left => Some(Self::Ended),
            },
            ConversationEvent::Assigned { .. }
            | ConversationEvent::Snoozed { .. }
            | ConversationEvent::Csat { .. }
            | ConversationEvent::Rule { .. } => None,
        }
    }
}

impl Author {
    pub fn for_visitor(&self) -> VisitorAuthor {
        match self {
            Self::Visitor { .. } => VisitorAuthor::Visitor,
            Self::Bot { name, .. } => VisitorAuthor::Bot { name: name.clone() },
            Self::Agent { name, .. } => VisitorAuthor::Agent { name: name.clone() },
            Self::System => VisitorAuthor::System,
        }
    }
}

impl VisitorMessage {
    /// Returns those of the messages that visitors see.
    pub fn list(messages: &[Message]) -> Vec<Self> {
        messages.iter().filter_map(Self::of).collect()
    }

    /// Returns `None` for what visitors do not see: notes and events of the handling.
    pub fn of(message: &Message) -> Option<Self> {
        let event = message.event.as_ref().and_then(VisitorEvent::of);
        let kind = match message.kind {
            MessageKind::Message => VisitorMessageKind::Message,
            MessageKind::Event if event.is_some() => VisitorMessageKind::Event,
            MessageKind::Note | MessageKind::Event => return None,
        };
        let author = message.author.for_visitor();
        let is_own = author == VisitorAuthor::Visitor;
        Some(Self {
            seq: message.seq,
            at: message.at,
            author,
            kind,
            text: message.text.clone(),
            event,
            attachments: message.attachments.clone(),
            client_msg_id: message.client_msg_id.clone().filter(|_| is_own),
            reply_to: message.reply_to,
            offer: message.offer.clone(),
            rev: message.rev,
            is_deleted: message.is_deleted,
        })
    }
}
