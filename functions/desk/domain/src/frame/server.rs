//! Frames that clients receive.

use std::collections::BTreeMap;

use confab_core::{Error, Result, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::FrameRefusal;
use crate::{ConversationId, Head, Message, VisitorAuthor, VisitorHead, VisitorMessage};

const VERSION: u8 = 1;

/// Messages as their reader may see them: a visitor's list has no place for a note.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum MessageList<'a> {
    Agent(&'a [Message]),
    Visitor(&'a [VisitorMessage]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AnswerVerdict {
    Answer,
    Ask,
    Unknown,
    Handoff,
    /// A person took over while the bot was answering: the parts that were sent are withdrawn.
    TakenOver,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    SignedOut,
    Blocked,
    Suspended,
    /// The connection is about to reach its longest time; the client opens another.
    Renew,
}

/// `after_seq` and `last_seq` name the numbers that a frame covers: all after the one, up to the other. A client whose
/// last number is at least `after_seq` has no gap, even if numbers between were not for its eyes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS))]
#[serde(tag = "type")]
pub enum ServerFrame<'a> {
    #[serde(rename = "welcome")]
    Welcome {
        now: Timestamp,
        until: Timestamp,
        last_seqs: &'a BTreeMap<ConversationId, u64>,
    },
    #[serde(rename = "message:receive")]
    MessageReceive {
        conversation_id: ConversationId,
        messages: MessageList<'a>,
        after_seq: u64,
        last_seq: u64,
    },
    /// What the client missed, or the latest page if that is too much.
    #[serde(rename = "backfill")]
    Backfill {
        conversation_id: ConversationId,
        messages: MessageList<'a>,
        after_seq: u64,
        last_seq: u64,
    },
    /// Messages with a higher revision.
    #[serde(rename = "changed")]
    Changed {
        conversation_id: ConversationId,
        messages: MessageList<'a>,
    },
    #[serde(rename = "typing:start")]
    TypingStart {
        conversation_id: ConversationId,
        author: &'a VisitorAuthor,
    },
    #[serde(rename = "typing:stop")]
    TypingStop {
        conversation_id: ConversationId,
        author: &'a VisitorAuthor,
    },
    #[serde(rename = "conversation:end")]
    ConversationEnd { conversation: &'a VisitorHead },
    /// To agents: a row of the inbox.
    #[serde(rename = "head")]
    Head { head: &'a Head },
    /// How many agents are online, and of a conversation whether its visitor is.
    #[serde(rename = "presence")]
    Presence {
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "contract", ts(optional))]
        conversation_id: Option<ConversationId>,
        agents: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "contract", ts(optional))]
        is_visitor_online: Option<bool>,
    },
    /// A part of an answer that is being made. `at` is the position of its first character.
    #[serde(rename = "answer:part")]
    AnswerPart {
        turn_id: &'a str,
        at: u32,
        text: &'a str,
    },
    #[serde(rename = "answer:over")]
    AnswerOver {
        turn_id: &'a str,
        verdict: AnswerVerdict,
    },
    /// To agents who look at the live tiles.
    #[serde(rename = "stats")]
    Stats {
        #[cfg_attr(feature = "contract", ts(type = "unknown"))]
        stats: &'a Value,
    },
    #[serde(rename = "pong")]
    Pong {
        now: Timestamp,
        last_seq: Option<u64>,
    },
    #[serde(rename = "refused")]
    Refused {
        code: &'a str,
        title: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "contract", ts(optional))]
        client_msg_id: Option<&'a str>,
    },
    /// The last frame before the socket closes.
    #[serde(rename = "bye")]
    Bye { reason: ByeReason },
}

#[derive(Serialize)]
struct Versioned<'a> {
    v: u8,
    #[serde(flatten)]
    frame: &'a ServerFrame<'a>,
}

impl<'a> ServerFrame<'a> {
    pub fn refused(refusal: &'a FrameRefusal) -> Self {
        Self::Refused {
            code: refusal.code,
            title: refusal.title,
            client_msg_id: refusal.client_msg_id.as_deref(),
        }
    }

    pub fn render(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(&Versioned {
            v: VERSION,
            frame: self,
        })
        .map_err(|e| Error::internal("render_failed", e))
    }
}
