//! A message before it has a number.

use std::collections::BTreeSet;

use confab_core::{Error, Private, Result, UserId, length};
use serde::{Deserialize, Serialize};

use super::{Attachment, Author, MAX_ATTACHMENTS, Message, MessageKind, Offer};
use crate::{LanguageTag, text::clean_text};

pub const MAX_TEXT_CHARS: usize = 4_000;
const MIN_ID_CHARS: usize = 8;
const MAX_ID_CHARS: usize = 64;
const MAX_MENTIONS: usize = 10;

/// The text of a message: keeps line breaks, drops invisible characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageText(Private<String>);

impl MessageText {
    pub fn parse(text: &str) -> Result<Self> {
        let text = clean_text(text);
        if !(1..=MAX_TEXT_CHARS).contains(&length(&text)) {
            return Err(Error::invalid(
                "too_long",
                "A message can have 1 to 4,000 characters.",
            ));
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The client's id of a message, which every retry repeats.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientMessageId(String);

#[cfg(feature = "contract")]
confab_core::describe_as_string!(ClientMessageId, "^[A-Za-z0-9_-]{8,64}$");

impl ClientMessageId {
    pub fn parse(text: &str) -> Result<Self> {
        Self::try_from(text.to_owned())
            .map_err(|message| Error::invalid("bad_client_msg_id", message))
    }

    /// The id of a message that a bot writes because of the message or event `seq`, so that retries are duplicates.
    pub fn of_bot(seq: u64, index: usize) -> Self {
        Self(format!("bot-{seq:020}-{index}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientMessageId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let is_plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !is_plain || !(MIN_ID_CHARS..=MAX_ID_CHARS).contains(&text.len()) {
            return Err("A client_msg_id has 8 to 64 letters, digits, dashes or underscores.");
        }
        Ok(Self(text))
    }
}

impl From<ClientMessageId> for String {
    fn from(id: ClientMessageId) -> Self {
        id.0
    }
}

/// A message or a note before it has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageDraft {
    pub client_msg_id: ClientMessageId,
    pub text: MessageText,
    pub is_note: bool,
    pub reply_to: Option<u64>,
    pub attachments: Vec<Attachment>,
    pub language: Option<LanguageTag>,
    /// Agents that a note mentions.
    pub mentions: BTreeSet<UserId>,
    pub offer: Offer,
}

impl MessageDraft {
    /// A message without attachments.
    pub fn parse(client_msg_id: &str, text: &str) -> Result<Self> {
        Ok(Self {
            client_msg_id: ClientMessageId::parse(client_msg_id)?,
            text: MessageText::parse(text)?,
            is_note: false,
            reply_to: None,
            attachments: Vec::new(),
            language: None,
            mentions: BTreeSet::new(),
            offer: Offer::default(),
        })
    }

    /// A note, which agents alone see.
    pub fn note(client_msg_id: &str, text: &str, mentions: BTreeSet<UserId>) -> Result<Self> {
        if mentions.len() > MAX_MENTIONS {
            return Err(Error::invalid(
                "too_many_mentions",
                "A note can mention at most 10 people.",
            ));
        }
        Ok(Self {
            is_note: true,
            mentions,
            ..Self::parse(client_msg_id, text)?
        })
    }

    pub fn with_attachments(mut self, attachments: Vec<Attachment>) -> Result<Self> {
        if attachments.len() > MAX_ATTACHMENTS {
            return Err(Error::invalid(
                "too_many_files",
                "A message can have at most 5 files.",
            ));
        }
        self.attachments = attachments;
        Ok(self)
    }

    /// Whether a stored message was made of this draft: a retry returns it. Another kind under the same id is a
    /// client's mistake.
    pub fn is_repeat_of(&self, stored: &Message, author: &Author) -> bool {
        let kind = if self.is_note {
            MessageKind::Note
        } else {
            MessageKind::Message
        };
        stored.client_msg_id.as_ref() == Some(&self.client_msg_id)
            && stored.author.is_same(author)
            && stored.kind == kind
    }
}
