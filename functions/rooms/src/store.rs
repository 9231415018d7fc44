//! The rows of rooms on DynamoDB. The only file that knows the key layout:
//!
//! | pk | sk | what |
//! |---|---|---|
//! | `ROOM#<code>` | `ROOM` | the room, with a version, and the numbers of messages that may be in use |
//! | `ROOM#<code>` | `MSG#<seq>` | a message; its reactions are sets named `r:<emoji>` |
//! | `ROOM#<code>` | `QUOTE#<seq>#<answer>` | an index of the messages that quote a message |
//! | `ROOM#<code>` | `SAID#usr_..#<client_msg_id>` | the number that a person's message got |
//! | `ROOM#<code>` | `PERSON#usr_..` | somebody who is in the room, was, or may not be |
//! | `ROOM#<code>` | `BANNED#usr_..` | somebody who may not be in the room, once more, so that they can be listed |
//! | `ROOM#<code>` | `NAME#<likeness>` | whose name that is |
//! | `ROOM#<code>` | `ONLINE` | how many people were here when somebody counted last |
//! | `LIVE#<code>` | ticket | a socket: its connection and whose it is |
//! | `REMOVED#<code>` | `usr_..` or `*` | a removal whose connections are still to be ended |
//! | `MINE#usr_..` | `<code>` | a room that somebody is in |
//! | `PAID#<code>` | `ord_..` | what was paid for in a room, and what came of it |
//! | `PHOTO#pho_..` | `PHOTO` | a photo, and what was found in it |
//! | `SEEN#<sha256>` | `PHOTO` | the photo that these bytes were looked at as |
//! | `RECENT#<day>` | `pho_..` | a room that began with a photo, for whoever has a similar one |

mod connections;
mod messages;
mod people;
mod photos;
mod purchases;
mod rooms;

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Row, Table};
use confab_core::{Clock, CorrelationId, Error, Result, Timestamp, UserId};
use confab_lambda::{metrics, warn};
use rooms_domain::{Person, Room, RoomCode, Standing};
use serde::Serialize;

pub(crate) use connections::{Removal, Socket};
pub(crate) use messages::{Latest, Said, first_seq, oldest};
pub(crate) use people::Joined;
pub(crate) use purchases::{Became, LetIn, Paid};

#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) table: Table,
    clock: Arc<dyn Clock>,
    message_ttl: Duration,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

/// A room as somebody stands to it.
#[derive(Debug, Clone)]
pub(crate) struct Visited {
    pub(crate) room: Room,
    /// Grows with each change of the room.
    pub(crate) version: u64,
    /// Messages up to this number may have been said.
    pub(crate) reserved: u64,
    /// 0 when the last count is too old to be shown.
    pub(crate) online: u32,
    /// When somebody counted last.
    pub(crate) counted_at_ms: i64,
    pub(crate) person: Option<Person>,
    pub(crate) standing: Standing,
}

impl Store {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>, message_ttl: Duration) -> Self {
        Self {
            table,
            clock,
            message_ttl,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn room_pk(code: RoomCode) -> String {
    format!("ROOM#{code}")
}

fn room_key(code: RoomCode) -> Row {
    Table::key(room_pk(code), "ROOM")
}

fn person_key(code: RoomCode, user: UserId) -> Row {
    Table::key(room_pk(code), format!("PERSON#{user}"))
}

fn online_key(code: RoomCode) -> Row {
    Table::key(room_pk(code), "ONLINE")
}

fn sort_key(row: &Row) -> &str {
    row.get("sk")
        .and_then(|value| value.as_s().ok())
        .map(String::as_str)
        .unwrap_or_default()
}

/// Decodes rows one by one. An unreadable row is skipped, logged and counted: it costs nothing but itself.
fn readable<T>(
    rows: Vec<Row>,
    what: &'static str,
    trace: CorrelationId,
    decode: impl Fn(Row) -> Result<T>,
) -> Vec<T> {
    let mut decoded = Vec::with_capacity(rows.len());
    for row in rows {
        // The error itself may quote what a person wrote.
        let place = format!("{what} {} {}", Table::partition(&row), sort_key(&row));
        match decode(row) {
            Ok(value) => decoded.push(value),
            Err(_) => {
                metrics::count("RowUnreadable", what);
                warn("a row cannot be read", &place, trace);
            }
        }
    }
    decoded
}

fn rendered<T: Serialize>(value: &T) -> Result<AttributeValue> {
    serde_dynamo::to_attribute_value(value).map_err(|e| Error::internal("render_failed", e))
}
