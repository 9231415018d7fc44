//! Message numbers: the latest ones in use, and storing a message under the next one.
//!
//! A number is taken by the conditional write that puts the message under it. Numbers are reserved in blocks in a row
//! that outlives the messages, so that none is used again after all messages have expired.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{Error, Result};
use confab_worker::Consistency;

use crate::Partition;

/// Numbers reserved at a time.
pub const RESERVATION_SIZE: u64 = 100;
/// Attempts to take the next number of a busy channel before the client has to retry.
const MAX_CAS_ATTEMPTS: usize = 12;
/// How many messages are read: enough to tell how busy a channel is.
const LATEST_MESSAGES: i32 = 10;

/// The latest messages of a channel, newest first, and the last number that may be in use.
#[derive(Debug, Clone)]
pub struct LatestMessages<Message> {
    pub messages: Vec<Message>,
    pub last_seq: u64,
    /// When the newest row expires, in seconds. Later rows expire no earlier, so that the newest row always has the
    /// highest number in use, even after the operator shortens their TTL.
    pub expires_at: i64,
}

impl<Message> LatestMessages<Message> {
    /// Reads the latest messages. Once all have expired, only `reserved_seq` has the last number.
    pub async fn read(
        table: &Table,
        messages: &Partition,
        reserved_seq: u64,
        read: Consistency,
        decode: impl Fn(Vec<Row>) -> Vec<Message>,
    ) -> Result<Self> {
        let latest = Self::read_once(table, messages, reserved_seq, read, &decode).await?;
        let is_empty = latest.messages.is_empty() && reserved_seq > 0;
        if is_empty && read == Consistency::Eventual {
            // All messages have expired, or an eventually consistent read missed the first one.
            let read = Consistency::Strong;
            return Self::read_once(table, messages, reserved_seq, read, &decode).await;
        }
        Ok(latest)
    }

    async fn read_once(
        table: &Table,
        partition: &Partition,
        reserved_seq: u64,
        read: Consistency,
        decode: &impl Fn(Vec<Row>) -> Vec<Message>,
    ) -> Result<Self> {
        let keys = Condition::expression("pk = :pk AND begins_with(sk, :prefix)")
            .value(":pk", text(&partition.pk))
            .value(":prefix", text(partition.prefix));
        let rows = table.query_descending(keys, LATEST_MESSAGES, read).await?;
        // The number of an expired or malformed message is in use too.
        let newest = rows.first();
        let highest = newest.and_then(|row| partition.id_of(row).parse().ok());
        let highest: u64 = highest.unwrap_or_default();
        let expires_at = newest.and_then(expiry_of).unwrap_or_default();
        let messages = decode(rows);
        let last_seq = if messages.is_empty() {
            reserved_seq.max(highest)
        } else {
            highest
        };
        Ok(Self {
            messages,
            last_seq,
            expires_at,
        })
    }
}

fn expiry_of(row: &Row) -> Option<i64> {
    row.get("expires_at")?.as_n().ok()?.parse().ok()
}

/// The part of a transaction that reserves the next block of numbers in a row for which `when` holds. `None` while `seq`
/// is reserved.
pub fn reserve(
    table: &Table,
    row: Row,
    seq: u64,
    reserved_seq: u64,
    when: &str,
) -> Result<Option<TransactWriteItem>> {
    if seq <= reserved_seq {
        return Ok(None);
    }
    let unchanged = Condition::expression(when)
        .and("reserved = :was")
        .value(":was", number(reserved_seq))
        .value(":next", number(seq + RESERVATION_SIZE));
    table
        .transact_update(row, "SET reserved = :next", unchanged)
        .map(Some)
}

/// The outcome of one attempt to store a message under a number.
#[derive(Debug)]
pub enum Attempt<Stored> {
    Done(Stored),
    /// Another writer took the number.
    NumberTaken {
        /// Another writer reserved the next block of numbers.
        is_reservation_stale: bool,
    },
}

/// One message that is to be stored under the next number of its channel.
pub trait NumberedWrite: Sync {
    type Message: Send + Sync;
    type Stored: Send;

    /// Attempts to store the message under the number after the latest one.
    fn attempt(
        &self,
        latest: &LatestMessages<Self::Message>,
        reserved_seq: u64,
    ) -> impl Future<Output = Result<Attempt<Self::Stored>>> + Send;

    /// Reads the latest messages, strongly consistent.
    fn latest(
        &self,
        reserved_seq: u64,
    ) -> impl Future<Output = Result<LatestMessages<Self::Message>>> + Send;

    /// Reads the highest reserved number, strongly consistent.
    fn reserved_seq(&self) -> impl Future<Output = Result<u64>> + Send;
}

/// Stores a message under the next number. Begins with what the caller has read, and reads again after a conflict.
pub async fn store_under_next_number<W: NumberedWrite>(
    write: &W,
    mut latest: LatestMessages<W::Message>,
    mut reserved_seq: u64,
) -> Result<W::Stored> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        match write.attempt(&latest, reserved_seq).await? {
            Attempt::Done(stored) => return Ok(stored),
            Attempt::NumberTaken {
                is_reservation_stale,
            } => {
                latest = write.latest(reserved_seq).await?;
                if is_reservation_stale {
                    reserved_seq = write.reserved_seq().await?;
                }
            }
        }
    }
    Err(Error::unavailable(
        "room_busy",
        "other writers took the next number at each attempt",
    ))
}
