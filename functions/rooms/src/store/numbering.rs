//! Posting a message under the next number of its room.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, WriteConflict, number};
use confab_core::{CorrelationId, Error, Result, Timestamp, UserId, after};
use confab_live::{
    Attempt, NumberedWrite, Partition, RESERVATION_SIZE, reserve, store_under_next_number,
};
use confab_worker::Consistency;
use rooms_domain::{ClientMessageId, Draft, Message, Pace, Person, Quote, RoomCode};
use serde::Deserialize;

use super::{
    PurchaseRecord, RoomForUser, Store,
    messages::{MESSAGE_PREFIX, MessageRow, message_sk},
    room_key, room_pk,
    rooms::IS_OPEN,
};

/// Bounds the history of a room. Hours of flooding are needed to push out a message before its TTL.
const MAX_HISTORY: u64 = 20_000;
/// How long the idempotency key of a message is kept; longer than any client retries.
const IDEMPOTENCY_TTL: Duration = Duration::from_secs(24 * 3600);

/// The latest messages of a room: enough for its `Pace`.
pub(crate) type LatestMessages = confab_live::LatestMessages<Message>;

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
        let messages = Partition::new(room_pk(code), MESSAGE_PREFIX);
        LatestMessages::read(&self.table, &messages, reserved_seq, read, |rows| {
            self.decode_messages(rows, correlation_id)
        })
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
        let write = MessageWrite {
            store: self,
            code: loaded.room.code,
            author: loaded.person.as_ref().ok_or_else(missing)?,
            draft,
            quote,
            purchase,
            correlation_id,
        };
        store_under_next_number(&write, latest, loaded.reserved_seq).await
    }

    /// The transaction of a new message. `MessageWrite` reads conflicts by the positions of its writes.
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
        // A transaction has one operation on a row: reserving numbers requires an open room by itself.
        let reservation = reserve(&self.table, room_key(code), seq, reserved_seq, IS_OPEN)?;
        if purchase.is_some() && reservation.is_none() {
            writes.push(self.require_open_room(code)?);
        }
        writes.extend(reservation);
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

/// One message that is to be stored.
struct MessageWrite<'a> {
    store: &'a Store,
    code: RoomCode,
    author: &'a Person,
    draft: &'a Draft,
    quote: Option<Quote>,
    purchase: Option<&'a PurchaseRecord>,
    correlation_id: CorrelationId,
}

impl NumberedWrite for MessageWrite<'_> {
    type Message = Message;
    type Stored = PostOutcome;

    async fn attempt(
        &self,
        latest: &LatestMessages,
        reserved_seq: u64,
    ) -> Result<Attempt<PostOutcome>> {
        let (store, code, now) = (self.store, self.code, self.store.clock.now());
        let recent = latest
            .messages
            .iter()
            .map(|message| (message.at, message.user_id == self.author.user_id));
        let pace = Pace::of(recent, now);
        if pace.exceeds_author_limit && self.purchase.is_none() {
            return Ok(Attempt::Done(PostOutcome::RateLimited));
        }
        let seq = latest.last_seq + 1;
        let message = numbered(self.draft, self.author, self.quote.clone(), seq, now);
        let reservation = (reserved_seq, latest.expires_at);
        let writes = store.message_writes(code, &message, reservation, self.purchase)?;
        let Some(conflicts) = store.table.try_transact_once(writes).await? else {
            return Ok(Attempt::Done(PostOutcome::Created { message, pace }));
        };
        // The second write carries the idempotency key.
        if conflicts.get(1) == Some(&WriteConflict::ConditionFailed) {
            if self.purchase.is_some() {
                return Ok(Attempt::Done(PostOutcome::AlreadyFulfilled));
            }
            let original = store.find_original(code, &message).await?;
            return Ok(Attempt::Done(PostOutcome::Duplicate(original)));
        }
        if message.reply_to.is_some() && conflicts.last() == Some(&WriteConflict::ConditionFailed) {
            return Err(Error::not_found("message"));
        }
        Ok(Attempt::NumberTaken {
            is_reservation_stale: conflicts.get(2) == Some(&WriteConflict::ConditionFailed),
        })
    }

    async fn latest(&self, reserved_seq: u64) -> Result<LatestMessages> {
        let (read, correlation_id) = (Consistency::Strong, self.correlation_id);
        self.store
            .latest_messages(self.code, reserved_seq, read, correlation_id)
            .await
    }

    async fn reserved_seq(&self) -> Result<u64> {
        let room = self
            .store
            .load_room_for(self.code, None, Consistency::Strong)
            .await?;
        Ok(room.reserved_seq)
    }
}
