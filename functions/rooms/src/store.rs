//! The rows of rooms on DynamoDB. Only this module knows the key layout:
//!
//! | pk | sk | row |
//! |---|---|---|
//! | `ROOM#<code>` | `ROOM` | the room, its version, and the highest reserved message number |
//! | `ROOM#<code>` | `MSG#<seq>` | a message; the users of each reaction are a set named `r:<emoji>` |
//! | `ROOM#<code>` | `QUOTE#<seq>#<reply>` | index of the messages that quote a message |
//! | `ROOM#<code>` | `SAID#usr_..#<client_msg_id>` | idempotency key of a message: the number that it got |
//! | `ROOM#<code>` | `PERSON#usr_..` | a member, a former member, or a banned user |
//! | `ROOM#<code>` | `BANNED#usr_..` | index of the banned users |
//! | `ROOM#<code>` | `NAME#<confusable key>` | the owner of a username |
//! | `ROOM#<code>` | `ONLINE` | the last count of connected users |
//! | `LIVE#<code>` | ticket | a connection and its user |
//! | `REMOVED#<code>` | `usr_..` or `*` | a removal whose connections are still to be closed |
//! | `MINE#usr_..` | `<code>` | index of a user's rooms |
//! | `PAID#<code>` | `ord_..` | a purchase and its status |
//! | `PHOTO#pho_..` | `PHOTO` | a photo and its analysis |
//! | `SEEN#<sha256>` | `PHOTO` | index of analyzed photos by digest |
//! | `RECENT#<day>` | `pho_..` | index of recent rooms by their photo |

mod channel_reader;
mod messages;
mod numbering;
mod people;
mod photos;
mod presence;
mod purchases;
mod quotes;
mod rooms;

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{RateLimit, Row, Table};
use confab_core::{Clock, Error, Result, UserId};
use confab_live::{Connections, Removals};
use rooms_domain::{AccessLevel, Person, Room, RoomCode};
use serde::Serialize;

use crate::room_channels::RoomChannels;

pub(crate) use numbering::{LatestMessages, PostOutcome, first_seq, first_seq_for_reserved};
pub(crate) use people::JoinOutcome;
pub(crate) use purchases::{AdmitOutcome, FulfillmentStatus, PurchaseRecord};

#[derive(Clone)]
pub(crate) struct Store {
    table: Table,
    clock: Arc<dyn Clock>,
    pub(crate) connections: Connections<RoomChannels>,
    pub(crate) removals: Removals<RoomChannels>,
    message_ttl: Duration,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

/// A room, with the access level of the user for whom it was loaded.
#[derive(Debug, Clone)]
pub(crate) struct RoomForUser {
    pub(crate) room: Room,
    /// The optimistic lock: every change of the room increments it.
    pub(crate) version: u64,
    /// The highest message number that may be in use.
    pub(crate) reserved_seq: u64,
    /// 0 when the last count is too old to be shown.
    pub(crate) online: u32,
    pub(crate) counted_at_ms: i64,
    pub(crate) person: Option<Person>,
    pub(crate) access: AccessLevel,
}

impl Store {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>, message_ttl: Duration) -> Self {
        Self {
            connections: Connections::new(table.clone(), clock.clone()),
            removals: Removals::new(table.clone(), clock.clone()),
            table,
            clock,
            message_ttl,
        }
    }

    /// Ok when the table exists and takes writes.
    pub(crate) async fn check(&self) -> Result<()> {
        self.table.check().await
    }

    /// Takes one token of a rate limit, such as `upload#usr_..`.
    pub(crate) async fn take_token(&self, limit: RateLimit, key: &str) -> Result<()> {
        limit.take(&self.table, key, self.clock.now()).await
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

fn to_attribute<T: Serialize>(value: &T) -> Result<AttributeValue> {
    serde_dynamo::to_attribute_value(value).map_err(|e| Error::internal("render_failed", e))
}
