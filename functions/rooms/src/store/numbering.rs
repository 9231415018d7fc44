//! Message numbers: the latest ones in use, and posting a message under the next one.
//!
//! A number is taken by the conditional write that puts the message under it.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, WriteConflict, number, text};
use confab_core::{CorrelationId, Error, Result, Timestamp, UserId, after};
use confab_worker::Consistency;
use rooms_domain::{ClientMessageId, Draft, Message, Pace, Person, Quote, RoomCode};
use serde::Deserialize;

use super::{
    PurchaseRecord, RoomForUser, Store,
    messages::{MessageRow, message_sk},
    room_key, room_pk, sort_key,
};

/// Bounds the history of a room. Hours of flooding are needed to push out a message before its TTL.
const MAX_HISTORY: u64 = 20_000;
/// How long the idempotency key of a message is kept; longer than any client retries.
const IDEMPOTENCY_TTL: Duration = Duration::from_secs(24 * 3600);
/// Numbers reserved at a time. The reservation, stored in the room, outlives the messages.
const RESERVATION_SIZE: u64 = 100;
/// Attempts to take the next number in a busy room before the client has to retry.
const MAX_CAS_ATTEMPTS: usize = 12;
/// How many messages `Pace` needs.
const LATEST_MESSAGES: i32 = 10;

/// The latest messages of a room, newest first, and the last number that may be in use.
#[derive(Debug, Clone)]
pub(crate) struct LatestMessages {
    pub(crate) messages: Vec<Message>,
    pub(crate) last_seq: u64,
    /// When the newest row expires, in seconds. Later rows expire no earlier, so that the newest row always has the
    /// highest number in use, even after the operator shortens `MESSAGE_TTL_DAYS`.
    expires_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) enum PostOutcome {
    Created {
        message: Message,
        /// The pace of the room before this message.
        pace: Pace,
    },
    /// The client retried: this is the message of its first attempt.
    Duplicate(Message),
    /// The purchase was recorded by another worker.
    AlreadyFulfilled,
    RateLimited,
}

/// Returns the oldest number that a room keeps, given its latest one.
pub(crate) fn first_seq(last_seq: u64) -> u64 {
    last_seq.saturating_sub(MAX_HISTORY) + 1
}

/// Returns a lower bound of the oldest number that a room keeps, given its reservation.
pub(crate) fn first_seq_for_reserved(reserved_seq: u64) -> u64 {
    first_seq(reserved_seq.saturating_sub(RESERVATION_SIZE))
}

fn seq_of(row: &Row) -> Option<u64> {
    sort_key(row).strip_prefix("MSG#")?.parse().ok()
}

fn expiry_of(row: &Row) -> Option<i64> {
    row.get("expires_at")?.as_n().ok()?.parse().ok()
}

fn idempotency_key(code: RoomCode, user: UserId, id: &ClientMessageId) -> Row {
    Table::key(room_pk(code), format!("SAID#{user}#{}", id.as_str()))
}

fn expiry(now: Timestamp, ttl: Duration) -> i64 {
    after(now, ttl).as_second()
}

fn numbered(
    draft: &Draft,
    author: &Person,
    quote: Option<Quote>,
    seq: u64,
    now: Timestamp,
) -> Message {
    Message {
        seq,
        at: now,
        user_id: author.user_id,
        username: author.username.clone(),
        text: draft.text.as_str().into(),
        client_msg_id: draft.client_msg_id.clone(),
        reply_to: quote,
        is_deleted: false,
        reactions: Vec::new(),
        rev: 0,
        tip: draft.tip,
    }
}

impl Store {
    /// Reads the latest messages. Once all have expired, only `reserved_seq` of the room has the last number.
    pub(crate) async fn latest_messages(
        &self,
        code: RoomCode,
        reserved_seq: u64,
        read: Consistency,
        correlation_id: CorrelationId,
    ) -> Result<LatestMessages> {
        let mut rows = self.query_latest(code, read).await?;
        let mut newest = rows.first().map(|row| (seq_of(row), expiry_of(row)));
        let mut messages = self.decode_messages(rows, correlation_id);
        if messages.is_empty() && reserved_seq > 0 && read == Consistency::Eventual {
            // All messages have expired, or an eventually consistent read missed the first one.
            rows = self.query_latest(code, Consistency::Strong).await?;
            newest = rows.first().map(|row| (seq_of(row), expiry_of(row)));
            messages = self.decode_messages(rows, correlation_id);
        }
        // The number of an expired or malformed message is in use too.
        let (highest, expires_at) = newest.unwrap_or_default();
        let (highest, expires_at) = (highest.unwrap_or_default(), expires_at.unwrap_or_default());
        let last_seq = if messages.is_empty() {
            reserved_seq.max(highest)
        } else {
            highest
        };
        Ok(LatestMessages {
            messages,
            last_seq,
            expires_at,
        })
    }

    async fn query_latest(&self, code: RoomCode, read: Consistency) -> Result<Vec<Row>> {
        let keys = Condition::expression("pk = :pk AND begins_with(sk, :msg)")
            .value(":pk", text(room_pk(code)))
            .value(":msg", text("MSG#"));
        self.table
            .query_descending(keys, LATEST_MESSAGES, read)
            .await
    }

    /// Stores a message under the next number, idempotently by its client id, or by its purchase.
    pub(crate) async fn append_message(
        &self,
        loaded: &RoomForUser,
        draft: &Draft,
        quote: Option<Quote>,
        latest: LatestMessages,
        purchase: Option<&PurchaseRecord>,
        correlation_id: CorrelationId,
    ) -> Result<PostOutcome> {
        let missing = || Error::internal("author_missing", "a message without an author");
        let person = loaded.person.as_ref().ok_or_else(missing)?;
        let code = loaded.room.code;
        let (mut latest, mut reserved_seq) = (latest, loaded.reserved_seq);
        for _ in 0..MAX_CAS_ATTEMPTS {
            let now = self.clock.now();
            let recent = latest
                .messages
                .iter()
                .map(|message| (message.at, message.user_id == person.user_id));
            let pace = Pace::of(recent, now);
            if pace.exceeds_author_limit && purchase.is_none() {
                return Ok(PostOutcome::RateLimited);
            }
            let message = numbered(draft, person, quote.clone(), latest.last_seq + 1, now);
            let reservation = (reserved_seq, latest.expires_at);
            let writes = self.message_writes(code, &message, reservation, purchase)?;
            let Some(conflicts) = self.table.try_transact_once(writes).await? else {
                return Ok(PostOutcome::Created { message, pace });
            };
            // The second write carries the idempotency key.
            if conflicts.get(1) == Some(&WriteConflict::ConditionFailed) {
                if purchase.is_some() {
                    return Ok(PostOutcome::AlreadyFulfilled);
                }
                let original = self.find_original(code, &message).await?;
                return Ok(PostOutcome::Duplicate(original));
            }
            if message.reply_to.is_some()
                && conflicts.last() == Some(&WriteConflict::ConditionFailed)
            {
                return Err(Error::not_found("message"));
            }
            latest = self
                .latest_messages(code, reserved_seq, Consistency::Strong, correlation_id)
                .await?;
            if conflicts.get(2) == Some(&WriteConflict::ConditionFailed) {
                let current = self.load_room_for(code, None, Consistency::Strong).await?;
                reserved_seq = current.reserved_seq;
            }
        }
        Err(Error::unavailable(
            "room_busy",
            "other writers took the next number at each attempt",
        ))
    }

    /// The transaction of a new message. `append_message` reads conflicts by the positions of its writes.
    fn message_writes(
        &self,
        code: RoomCode,
        message: &Message,
        (reserved_seq, newest_expires_at): (u64, i64),
        purchase: Option<&PurchaseRecord>,
    ) -> Result<Vec<TransactWriteItem>> {
        let seq = message.seq;
        let expires_at = expiry(message.at, self.message_ttl).max(newest_expires_at);
        let row = MessageRow::new(message, expires_at);
        let mut writes = vec![
            self.table.transact_put(
                Table::to_row(room_pk(code), message_sk(seq), &row)?,
                Condition::not_exists(),
            )?,
            self.idempotency_write(code, message, purchase)?,
        ];
        if seq > reserved_seq {
            let unchanged = Condition::expression("attribute_exists(pk) AND reserved = :was")
                .value(":was", number(reserved_seq))
                .value(":next", number(seq + RESERVATION_SIZE));
            writes.push(self.table.transact_update(
                room_key(code),
                "SET reserved = :next",
                unchanged,
            )?);
        }
        if purchase.is_some() {
            writes.push(self.require_open_room(code)?);
        }
        // A deleted message cannot be quoted. This check stays last.
        if let Some(quote) = &message.reply_to {
            writes.push(self.quote_index_write(code, quote.seq, seq, expires_at)?);
            writes.push(self.require_message(code, quote.seq)?);
        }
        Ok(writes)
    }

    fn idempotency_write(
        &self,
        code: RoomCode,
        message: &Message,
        purchase: Option<&PurchaseRecord>,
    ) -> Result<TransactWriteItem> {
        if let Some(purchase) = purchase {
            let purchase = PurchaseRecord {
                tip_seq: Some(message.seq),
                ..purchase.clone()
            };
            return self.purchase_write(code, &purchase, None);
        }
        let mut row = idempotency_key(code, message.user_id, &message.client_msg_id);
        row.insert("seq".to_owned(), number(message.seq));
        let expires_at = expiry(message.at, IDEMPOTENCY_TTL);
        row.insert("expires_at".to_owned(), number(expires_at));
        let unused = Condition::expression("attribute_not_exists(pk) OR expires_at <= :now")
            .value(":now", number(message.at.as_second()));
        self.table.transact_put(row, unused)
    }

    /// Returns the message that an earlier attempt of the same client stored.
    async fn find_original(&self, code: RoomCode, retried: &Message) -> Result<Message> {
        #[derive(Deserialize)]
        struct IdempotencyRow {
            seq: u64,
        }
        let key = idempotency_key(code, retried.user_id, &retried.client_msg_id);
        let row: Option<IdempotencyRow> = self.table.get(key).await?;
        let Some(IdempotencyRow { seq }) = row else {
            return Err(Error::unavailable(
                "said_elsewhere",
                "the idempotency key expired between two reads",
            ));
        };
        self.find_message(code, seq)
            .await?
            .ok_or_else(|| Error::not_found("message"))
    }
}
