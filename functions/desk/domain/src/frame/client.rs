//! Frames that clients send.

use std::collections::BTreeMap;

use confab_core::Error;
use serde::Deserialize;
use serde_json::Value;

use crate::{ConversationId, EndReason, MAX_ATTACHMENTS};

/// The largest frame that API Gateway accepts from a client, and the unit in which it bills messages.
pub const MAX_FRAME_BYTES: usize = 32 * 1024;
/// Conversations that one `hello` can ask the missed messages of.
pub const MAX_HELLO_CONVERSATIONS: usize = 20;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS))]
#[serde(tag = "type", deny_unknown_fields)]
pub enum ClientFrame {
    /// Begins the session. The client names the last number that it has of each conversation.
    #[serde(rename = "hello")]
    Hello {
        #[serde(default)]
        #[cfg_attr(feature = "contract", ts(as = "Option<_>", optional))]
        conversations: BTreeMap<ConversationId, u64>,
    },
    #[serde(rename = "message:send")]
    MessageSend {
        conversation_id: ConversationId,
        client_msg_id: String,
        text: String,
        #[serde(default)]
        #[cfg_attr(feature = "contract", ts(as = "Option<_>", optional))]
        is_note: bool,
        #[serde(default)]
        #[cfg_attr(feature = "contract", ts(optional))]
        reply_to: Option<u64>,
        /// Ids of uploads.
        #[serde(default)]
        #[cfg_attr(feature = "contract", ts(as = "Option<_>", optional))]
        attachments: Vec<String>,
        #[serde(default)]
        #[cfg_attr(feature = "contract", ts(optional))]
        lang: Option<String>,
    },
    #[serde(rename = "typing:start")]
    TypingStart { conversation_id: ConversationId },
    #[serde(rename = "typing:stop")]
    TypingStop { conversation_id: ConversationId },
    #[serde(rename = "ping")]
    Ping {
        #[serde(default)]
        #[cfg_attr(feature = "contract", ts(optional))]
        read: Option<ReadMark>,
    },
    #[serde(rename = "conversation:end")]
    ConversationEnd {
        conversation_id: ConversationId,
        #[serde(default)]
        #[cfg_attr(feature = "contract", ts(optional))]
        reason: Option<EndReason>,
    },
    /// An agent opens a conversation: its messages are sent from now on.
    #[serde(rename = "watch")]
    Watch { conversation_id: ConversationId },
    #[serde(rename = "unwatch")]
    Unwatch { conversation_id: ConversationId },
}

/// The highest number that the client has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ReadMark {
    pub conversation_id: ConversationId,
    pub seq: u64,
}

/// Why a frame was refused. The socket stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameRefusal {
    pub code: &'static str,
    pub title: &'static str,
    /// Of a message that was refused, so that the client can mark it.
    pub client_msg_id: Option<String>,
}

impl FrameRefusal {
    fn new(code: &'static str, title: &'static str) -> Self {
        Self {
            code,
            title,
            client_msg_id: None,
        }
    }
}

impl From<FrameRefusal> for Error {
    fn from(refusal: FrameRefusal) -> Self {
        Self::invalid(refusal.code, refusal.title)
    }
}

impl ClientFrame {
    pub const TYPES: [&str; 8] = [
        "hello",
        "message:send",
        "typing:start",
        "typing:stop",
        "ping",
        "conversation:end",
        "watch",
        "unwatch",
    ];

    pub fn parse(bytes: &[u8]) -> Result<Self, FrameRefusal> {
        if bytes.len() > MAX_FRAME_BYTES {
            return Err(FrameRefusal::new(
                "too_large",
                "A frame can have at most 32 KB.",
            ));
        }
        // serde's errors may quote a person's text.
        let bad_frame = || FrameRefusal::new("bad_frame", "The frame is not valid.");
        let frame: Value = serde_json::from_slice(bytes).map_err(|_| bad_frame())?;
        let kind = frame
            .get("type")
            .and_then(Value::as_str)
            .ok_or_else(bad_frame)?;
        if !Self::TYPES.contains(&kind) {
            return Err(FrameRefusal::new(
                "unknown_type",
                "This type of frame is not known.",
            ));
        }
        let client_msg_id = frame.get("client_msg_id").and_then(Value::as_str);
        let client_msg_id = client_msg_id.filter(|id| id.len() <= 64).map(str::to_owned);
        let refused = |refusal: FrameRefusal| FrameRefusal {
            client_msg_id: client_msg_id.clone(),
            ..refusal
        };
        let frame: Self = serde_json::from_value(frame).map_err(|_| refused(bad_frame()))?;
        frame.check().map_err(refused)?;
        Ok(frame)
    }

    fn check(&self) -> Result<(), FrameRefusal> {
        match self {
            Self::Hello { conversations } if conversations.len() > MAX_HELLO_CONVERSATIONS => {
                let title = "A client can ask for at most 20 conversations.";
                Err(FrameRefusal::new("too_many", title))
            }
            Self::MessageSend { attachments, .. } if attachments.len() > MAX_ATTACHMENTS => Err(
                FrameRefusal::new("too_many_files", "A message can have at most 5 files."),
            ),
            _ => Ok(()),
        }
    }

    /// Returns the conversation that a frame is about, for the check of access.
    pub fn conversation_id(&self) -> Option<ConversationId> {
        match self {
            Self::MessageSend {
                conversation_id, ..
            }
            | Self::TypingStart { conversation_id }
            | Self::TypingStop { conversation_id }
            | Self::ConversationEnd {
                conversation_id, ..
            }
            | Self::Watch { conversation_id }
            | Self::Unwatch { conversation_id } => Some(*conversation_id),
            Self::Ping { read } => read.map(|read| read.conversation_id),
            Self::Hello { .. } => None,
        }
    }
}
