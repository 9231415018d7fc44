//! What goes over a socket, version 1; docs/rooms.md says it in words.

use confab_core::{Error, Result, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{Message, Pin, RoomView, Username, broadcast::Reason};

/// API Gateway bills a message in parts of so much, and takes no larger frame from a client.
pub const LARGEST_FRAME: usize = 32 * 1024;
const VERSION: u8 = 1;

#[derive(Debug, Clone, PartialEq, Deserialize, TS, ToSchema)]
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
        if bytes.len() > LARGEST_FRAME {
            return Err(Error::too_large("A frame has at most 32 KB."));
        }
        // The error itself may quote what a person wrote.
        serde_json::from_slice(bytes)
            .map_err(|_| Error::invalid("bad_frame", "This frame cannot be read."))
    }

    /// Of a message: what its sender calls it.
    pub fn client_msg_id(&self) -> Option<&str> {
        match self {
            Self::Message { client_msg_id, .. } => Some(client_msg_id),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(rename = "Frame")]
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
        reason: Reason,
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

/// Messages in parts that fit into a frame each.
pub fn chunks(messages: &[Message]) -> Vec<&[Message]> {
    /// What is around the messages.
    const ENVELOPE: usize = 200;
    let mut parts = Vec::new();
    let (mut from, mut size) = (0, ENVELOPE);
    for (index, message) in messages.iter().enumerate() {
        // What cannot be rendered is found when the frame is.
        let length = serde_json::to_vec(message).map_or(0, |text| text.len()) + 1;
        if index > from && size + length > LARGEST_FRAME {
            parts.push(&messages[from..index]);
            (from, size) = (index, ENVELOPE);
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
    fn a_frame_is_read_whole_or_not_at_all() {
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
            ClientFrame::parse(&[b' '; LARGEST_FRAME + 1])
                .unwrap_err()
                .code(),
            "too_large"
        );
    }

    #[test]
    fn a_frame_says_its_version_and_its_type() {
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
        fn parts_fit_and_hold_all_in_order(lengths in prop::collection::vec(1_usize..2_000, 0..60)) {
            let messages: Vec<_> = (1..).zip(&lengths).map(|(seq, length)| message(seq, &"\u{1}".repeat(*length))).collect();
            let parts = chunks(&messages);
            for part in &parts {
                let frame = ServerFrame::Messages { messages: part, last_seq: u64::MAX }.render().unwrap();
                prop_assert!(frame.len() <= LARGEST_FRAME || part.len() == 1, "{}", frame.len());
            }
            prop_assert_eq!(parts.concat(), messages);
        }
    }
}
