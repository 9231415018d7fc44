//! Socket frames, version 1. docs/rooms.md describes them.

use confab_core::{Error, Result, Timestamp, UserId};
use serde::{Deserialize, Serialize};
#[cfg(feature = "contract")]
use ts_rs::TS;
#[cfg(feature = "contract")]
use utoipa::ToSchema;

use crate::{Message, Pin, RoomView, Username, broadcast::RemovalReason};

/// The largest frame that API Gateway accepts from a client, and the unit in which it bills messages.
pub const MAX_FRAME_BYTES: usize = 32 * 1024;
const VERSION: u8 = 1;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    Hello {
        last_seq: Option<u64>,
    },
    Message {
        client_msg_id: String,
        text: String,
        #[serde(default)]
        reply_to: Option<u64>,
    },
    Typing {
        on: bool,
    },
    Ping {
        #[serde(default)]
        read_seq: Option<u64>,
    },
}

impl ClientFrame {
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_FRAME_BYTES {
            return Err(Error::too_large("A frame can have at most 32 KB."));
        }
        // serde's error may quote a person's text.
        serde_json::from_slice(bytes)
            .map_err(|_| Error::invalid("bad_frame", "The frame is not valid."))
    }

    /// Returns the client's id of a message frame.
    pub fn client_msg_id(&self) -> Option<&str> {
        match self {
            Self::Message { client_msg_id, .. } => Some(client_msg_id),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "contract", derive(TS, ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "contract", ts(rename = "Frame"))]
pub enum ServerFrame<'a> {
    Welcome {
        last_seq: u64,
        online: u32,
        now: Timestamp,
        until: Timestamp,
    },
    Messages {
        messages: &'a [Message],
        last_seq: u64,
    },
    Backfill {
        messages: &'a [Message],
        last_seq: u64,
    },
    BackfillOverflow {
        first_seq: u64,
        last_seq: u64,
    },
    Changed {
        message: &'a Message,
    },
    Typing {
        user_id: UserId,
        username: &'a Username,
        on: bool,
    },
    Pong {
        last_seq: u64,
        online: u32,
        now: Timestamp,
    },
    Online {
        online: u32,
    },
    Room {
        room: &'a RoomView,
    },
    Pin {
        pin: Option<&'a Pin>,
    },
    Muted {
        is_muted: bool,
    },
    Refused {
        code: &'a str,
        title: &'a str,
        client_msg_id: Option<&'a str>,
    },
    Kicked {
        reason: RemovalReason,
    },
}

#[derive(Serialize)]
struct Versioned<'a> {
    v: u8,
    #[serde(flatten)]
    frame: &'a ServerFrame<'a>,
}

impl ServerFrame<'_> {
    pub fn render(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(&Versioned {
            v: VERSION,
            frame: self,
        })
        .map_err(|e| Error::internal("render_failed", e))
    }
}

/// Splits messages into parts that fit into one frame each.
pub fn split_into_frames(messages: &[Message]) -> Vec<&[Message]> {
    /// Bytes of a frame around its messages.
    const ENVELOPE_BYTES: usize = 200;
    let mut parts = Vec::new();
    let (mut from, mut size) = (0, ENVELOPE_BYTES);
    for (index, message) in messages.iter().enumerate() {
        // A message that cannot be rendered fails later, when its frame is rendered.
        let length = serde_json::to_vec(message).map_or(0, |text| text.len()) + 1;
        if index > from && size + length > MAX_FRAME_BYTES {
            parts.push(&messages[from..index]);
            (from, size) = (index, ENVELOPE_BYTES);
        }
        size += length;
    }
    if from < messages.len() {
        parts.push(&messages[from..]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientMessageId;
    use proptest::prelude::*;

    fn message(seq: u64, text: &str) -> Message {
        Message {
            seq,
            at: Timestamp::UNIX_EPOCH,
            user_id: UserId::new(Timestamp::UNIX_EPOCH, &|| [1; 10]),
            username: Username::parse("Dana").unwrap(),
            text: text.into(),
            client_msg_id: ClientMessageId::parse("12345678").unwrap(),
            reply_to: None,
            is_deleted: false,
            reactions: vec![],
            rev: 0,
            tip: None,
        }
    }

    #[test]
    fn frames_with_unknown_or_malformed_fields_are_refused() {
        let hello = ClientFrame::parse(br#"{"type":"hello","last_seq":12}"#).unwrap();
        assert_eq!(hello, ClientFrame::Hello { last_seq: Some(12) });
        assert_eq!(
            ClientFrame::parse(br#"{"type":"ping"}"#).unwrap(),
            ClientFrame::Ping { read_seq: None }
        );
        for odd in [
            &b""[..],
            b"{}",
            b"[]",
            b"\xff",
            br#"{"type":"dance"}"#,
            br#"{"type":"hello","last_seq":-1}"#,
            br#"{"type":"hello","last_seq":1,"username":"Host"}"#,
            br#"{"type":"message","client_msg_id":"12345678","text":5}"#,
        ] {
            assert_eq!(ClientFrame::parse(odd).unwrap_err().code(), "bad_frame");
        }
        assert_eq!(
            ClientFrame::parse(&[b' '; MAX_FRAME_BYTES + 1])
                .unwrap_err()
                .code(),
            "too_large"
        );
    }

    #[test]
    fn frames_carry_their_version_and_type() {
        let frame = ServerFrame::Pong {
            last_seq: 14,
            online: 3,
            now: Timestamp::UNIX_EPOCH,
        }
        .render()
        .unwrap();
        assert_eq!(
            frame,
            br#"{"v":1,"type":"pong","last_seq":14,"online":3,"now":"1970-01-01T00:00:00Z"}"#
        );
    }

    proptest! {
        #[test]
        fn split_frames_fit_and_keep_all_messages_in_order(lengths in prop::collection::vec(1_usize..2_000, 0..60)) {
            let messages: Vec<_> = (1..).zip(&lengths).map(|(seq, length)| message(seq, &"\u{1}".repeat(*length))).collect();
            let parts = split_into_frames(&messages);
            for part in &parts {
                let frame = ServerFrame::Messages { messages: part, last_seq: u64::MAX }.render().unwrap();
                prop_assert!(frame.len() <= MAX_FRAME_BYTES || part.len() == 1, "{}", frame.len());
            }
            prop_assert_eq!(parts.concat(), messages);
        }
    }
}
