//! What was said in a room, by number. A number is taken by the one conditional write that puts the message under it.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use confab_aws::{Condition, Row, Table, WriteConflict, number, store_error, text};
use confab_core::{CorrelationId, Error, Money, Private, Result, Timestamp, UserId, after};
use confab_worker::Consistency;
use rooms_domain::{
    ClientMessageId, Draft, MOST_OF_ONE_EMOJI, Message, Pace, Quote, RoomCode, Username, reactions,
};
use serde::{Deserialize, Serialize};

use super::{Paid, Store, Visited, readable, room_key, room_pk, sort_key};

/// Messages are kept by time. More than this many are kept of none: what a flood can push out took hours to say.
const MAX_HISTORY: u64 = 20_000;
/// Longer than any client tries to say something again.
const SAID_KEPT: Duration = Duration::from_secs(24 * 3600);
/// So many numbers are noted as taken at a time: what is noted outlives the messages.
const RESERVED_AT_ONCE: u64 = 100;
/// In a room where very many speak at once somebody is always faster; after so many tries it is the client's turn.
const TRIES: usize = 12;
/// As many as say whether a room is busy.
const LATEST: i32 = 10;
const HIGHEST: u64 = 999_999_999_999;
const REACTION: &str = "r:";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct MessageRow {
    seq: u64,
    at: Timestamp,
    user_id: UserId,
    username: Username,
    text: Private<String>,
    client_msg_id: ClientMessageId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply_to: Option<Quote>,
    #[serde(default)]
    is_deleted: bool,
    #[serde(default)]
    rev: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tip: Option<Money>,
    expires_at: i64,
}

/// The latest messages of a room, the newest first, and the last number that may have been given out.
#[derive(Debug, Clone)]
pub(crate) struct Latest {
    pub(crate) messages: Vec<Message>,
    pub(crate) last_seq: u64,
    /// When the newest row expires, in seconds. Later rows expire no earlier, so that the newest row always has the
    /// highest number in use, even after the operator shortens `MESSAGE_TTL_DAYS`.
    expires_at: i64,
}

#[derive(Debug, Clone)]
pub(crate) enum Said {
    New {
        message: Message,
        /// How busy the room was before.
        pace: Pace,
    },
    /// It was said before: the client tries again.
    Again(Message),
    /// What was paid with it is noted already.
    Paid,
    TooFast,
}

fn message_sk(seq: u64) -> String {
    format!("MSG#{seq:012}")
}

fn number_of(row: &Row) -> Option<u64> {
    sort_key(row).strip_prefix("MSG#")?.parse().ok()
}

fn message_key(code: RoomCode, seq: u64) -> Row {
    Table::key(room_pk(code), message_sk(seq))
}

fn said_key(code: RoomCode, user: UserId, id: &ClientMessageId) -> Row {
    Table::key(room_pk(code), format!("SAID#{user}#{}", id.as_str()))
}

fn quote_key(code: RoomCode, seq: u64, answer: u64) -> Row {
    Table::key(room_pk(code), format!("{}{answer:012}", quotes_of(seq)))
}

fn quotes_of(seq: u64) -> String {
    format!("QUOTE#{seq:012}#")
}

fn expiry_of(row: &Row) -> Option<i64> {
    row.get("expires_at")?.as_n().ok()?.parse().ok()
}

fn later(now: Timestamp, by: Duration) -> i64 {
    after(now, by).as_second()
}

/// None when it is over its time: the table itself deletes it some days late.
fn message(mut row: Row, now: Timestamp) -> Result<Option<Message>> {
    let names: Vec<_> = row
        .keys()
        .filter(|name| name.starts_with(REACTION))
        .cloned()
        .collect();
    let mut who = BTreeMap::new();
    for name in names {
        let users = row
            .remove(&name)
            .and_then(|value| value.as_ss().ok().cloned())
            .unwrap_or_default();
        who.insert(
            name[REACTION.len()..].to_owned(),
            users.iter().filter_map(|user| user.parse().ok()).collect(),
        );
    }
    let row: MessageRow = Table::from_row(row)?;
    Ok((row.expires_at > now.as_second()).then(|| Message {
        seq: row.seq,
        at: row.at,
        user_id: row.user_id,
        username: row.username,
        text: row.text,
        client_msg_id: row.client_msg_id,
        reply_to: row.reply_to,
        is_deleted: row.is_deleted,
        reactions: reactions(&who),
        rev: row.rev,
        tip: row.tip,
    }))
}

impl Store {
    pub(crate) async fn message(&self, code: RoomCode, seq: u64) -> Result<Option<Message>> {
        let asked = self
            .table
            .client
            .get_item()
            .table_name(&self.table.name)
            .set_key(Some(message_key(code, seq)));
        let row = Box::pin(asked.consistent_read(true).send())
            .await
            .map_err(store_error)?
            .item;
        row.map(|row| message(row, self.clock.now()))
            .transpose()
            .map(Option::flatten)
    }

    /// The latest few that are kept. `reserved` is what the room has noted: after a silent week nothing else knows the numbers.
    pub(crate) async fn latest(
        &self,
        code: RoomCode,
        reserved: u64,
        read: Consistency,
        trace: CorrelationId,
    ) -> Result<Latest> {
        let keys =
            Condition::expression("pk = :pk AND begins_with(sk, :msg)").value(":msg", text("MSG#"));
        let mut rows = self.backwards(code, keys.clone(), LATEST, read).await?;
        let mut newest = rows.first().map(|row| (number_of(row), expiry_of(row)));
        let mut messages = self.kept(rows, trace);
        if messages.is_empty() && reserved > 0 && read == Consistency::Eventual {
            // Nothing was said for long, or the first thing a moment ago.
            rows = self
                .backwards(code, keys, LATEST, Consistency::Strong)
                .await?;
            newest = rows.first().map(|row| (number_of(row), expiry_of(row)));
            messages = self.kept(rows, trace);
        }
        // A number is in use even where its message is over its time or cannot be read.
        let (highest, expires_at) = newest.unwrap_or_default();
        let (highest, expires_at) = (highest.unwrap_or_default(), expires_at.unwrap_or_default());
        let last_seq = if messages.is_empty() {
            reserved.max(highest)
        } else {
            highest
        };
        Ok(Latest {
            messages,
            last_seq,
            expires_at,
        })
    }

    /// None when nothing of what was said is kept.
    pub(crate) async fn last_seq(
        &self,
        code: RoomCode,
        trace: CorrelationId,
    ) -> Result<Option<u64>> {
        Ok(self
            .before(code, None, 1, trace)
            .await?
            .first()
            .map(|message| message.seq))
    }

    /// The newest first.
    async fn backwards(
        &self,
        code: RoomCode,
        keys: Condition,
        most: i32,
        read: Consistency,
    ) -> Result<Vec<Row>> {
        let keys = keys.value(":pk", text(room_pk(code)));
        self.table.query_descending(keys, most, read).await
    }

    /// Says it under the next number, once, however often it is tried; what was paid with it is noted beside it.
    pub(crate) async fn say(
        &self,
        visited: &Visited,
        draft: &Draft,
        quote: Option<Quote>,
        latest: Latest,
        paid: Option<&Paid>,
        trace: CorrelationId,
    ) -> Result<Said> {
        let missing = || Error::internal("nobody_speaks", "a message is somebody's");
        let person = visited.person.as_ref().ok_or_else(missing)?;
        let code = visited.room.code;
        let (mut latest, mut reserved) = (latest, visited.reserved);
        for _ in 0..TRIES {
            let now = self.clock.now();
            let known = latest
                .messages
                .iter()
                .map(|message| (message.at, message.user_id == person.user_id));
            let pace = Pace::of(known, now);
            if pace.is_too_fast && paid.is_none() {
                return Ok(Said::TooFast);
            }
            let message = Message {
                seq: latest.last_seq + 1,
                at: now,
                user_id: person.user_id,
                username: person.username.clone(),
                text: draft.text.as_str().into(),
                client_msg_id: draft.client_msg_id.clone(),
                reply_to: quote.clone(),
                is_deleted: false,
                reactions: Vec::new(),
                rev: 0,
                tip: draft.tip,
            };
            let Some(held) = self
                .put_message(code, &message, (reserved, latest.expires_at), paid)
                .await?
            else {
                return Ok(Said::New { message, pace });
            };
            // The second write is the one that knows whether it was done before.
            if held.get(1) == Some(&WriteConflict::ConditionFailed) {
                return match paid {
                    Some(_) => Ok(Said::Paid),
                    None => self.said_before(code, &message).await.map(Said::Again),
                };
            }
            if message.reply_to.is_some() && held.last() == Some(&WriteConflict::ConditionFailed) {
                return Err(Error::not_found("message"));
            }
            latest = self
                .latest(code, reserved, Consistency::Strong, trace)
                .await?;
            if held.get(2) == Some(&WriteConflict::ConditionFailed) {
                reserved = self.visit(code, None, Consistency::Strong).await?.reserved;
            }
        }
        Err(Error::unavailable(
            "room_busy",
            "somebody else was always faster",
        ))
    }

    async fn put_message(
        &self,
        code: RoomCode,
        message: &Message,
        (reserved, newest_expires_at): (u64, i64),
        paid: Option<&Paid>,
    ) -> Result<Option<Vec<WriteConflict>>> {
        let Message {
            seq, at, user_id, ..
        } = *message;
        let expires_at = later(at, self.message_ttl).max(newest_expires_at);
        let row = MessageRow {
            seq,
            at,
            user_id,
            username: message.username.clone(),
            text: message.text.clone(),
            client_msg_id: message.client_msg_id.clone(),
            reply_to: message.reply_to.clone(),
            is_deleted: false,
            rev: 0,
            tip: message.tip,
            expires_at,
        };
        let once = match paid {
            Some(paid) => self.note(
                code,
                &Paid {
                    said_as: Some(seq),
                    ..paid.clone()
                },
                None,
            )?,
            None => {
                let mut said = said_key(code, user_id, &message.client_msg_id);
                said.insert("seq".to_owned(), number(seq));
                said.insert("expires_at".to_owned(), number(later(at, SAID_KEPT)));
                let is_over =
                    Condition::expression("attribute_not_exists(pk) OR expires_at <= :now");
                self.table
                    .transact_put(said, is_over.value(":now", number(at.as_second())))?
            }
        };
        let mut writes = vec![
            self.table.transact_put(
                Table::to_row(room_pk(code), message_sk(seq), &row)?,
                Condition::not_exists(),
            )?,
            once,
        ];
        if seq > reserved {
            let when = Condition::expression("attribute_exists(pk) AND reserved = :was")
                .value(":was", number(reserved))
                .value(":next", number(seq + RESERVED_AT_ONCE));
            writes.push(self.table.transact_update(
                room_key(code),
                "SET reserved = :next",
                when,
            )?);
        }
        if paid.is_some() {
            writes.push(self.only_if_open(code)?);
        }
        // A message that was deleted a moment ago cannot be quoted; this check stays last.
        if let Some(quote) = &message.reply_to {
            let mut index = quote_key(code, quote.seq, seq);
            index.insert("expires_at".to_owned(), number(expires_at));
            writes.push(self.table.transact_put(index, Condition::none())?);
            writes.push(self.only_if_said(code, quote.seq)?);
        }
        self.table.try_transact_once(writes).await
    }

    async fn said_before(&self, code: RoomCode, message: &Message) -> Result<Message> {
        #[derive(Deserialize)]
        struct SaidRow {
            seq: u64,
        }
        let busy = || Error::unavailable("said_elsewhere", "what was said before is not there yet");
        let key = said_key(code, message.user_id, &message.client_msg_id);
        let said: SaidRow = self.table.get(key).await?.ok_or_else(busy)?;
        self.message(code, said.seq)
            .await?
            .ok_or_else(|| Error::not_found("message"))
    }

    /// A page of what is before a number, or of the latest, in their order.
    pub(crate) async fn before(
        &self,
        code: RoomCode,
        seq: Option<u64>,
        most: i32,
        trace: CorrelationId,
    ) -> Result<Vec<Message>> {
        let until = seq
            .map_or(u64::MAX, |seq| seq.saturating_sub(1))
            .min(HIGHEST);
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :from AND :until")
            .value(":from", text(message_sk(0)))
            .value(":until", text(message_sk(until)));
        let mut rows = self
            .backwards(code, keys, most, Consistency::Eventual)
            .await?;
        rows.reverse();
        Ok(self.kept(rows, trace))
    }

    /// A page of what is after a number.
    pub(crate) async fn after(
        &self,
        code: RoomCode,
        seq: u64,
        most: usize,
        read: Consistency,
        trace: CorrelationId,
    ) -> Result<Vec<Message>> {
        Ok(self.kept(self.rows_after(code, seq, most, read).await?, trace))
    }

    async fn rows_after(
        &self,
        code: RoomCode,
        seq: u64,
        most: usize,
        read: Consistency,
    ) -> Result<Vec<Row>> {
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :from AND :until")
            .value(":pk", text(room_pk(code)))
            .value(
                ":from",
                text(message_sk(seq.saturating_add(1).min(HIGHEST))),
            )
            .value(":until", text(message_sk(HIGHEST)));
        match read {
            Consistency::Strong => self.table.query_consistent(keys, most).await,
            Consistency::Eventual => self.table.query(None, keys, most).await,
        }
    }

    fn kept(&self, rows: Vec<Row>, trace: CorrelationId) -> Vec<Message> {
        let now = self.clock.now();
        readable(rows, "message", trace, |row| message(row, now))
            .into_iter()
            .flatten()
            .collect()
    }

    /// Nothing is left of what was said but that it was. None when there is no such message.
    pub(crate) async fn delete_message(&self, code: RoomCode, seq: u64) -> Result<Option<Message>> {
        let deletes =
            "SET is_deleted = :yes, #text = :empty, rev = rev + :one REMOVE reply_to, tip";
        let when = is_said()
            .name_attribute("#text", "text")
            .value(":yes", AttributeValue::Bool(true))
            .value(":empty", text(""));
        self.change_message(code, seq, deletes, when).await
    }

    /// The message as it is then; its revision is to grow by `:one`.
    async fn change_message(
        &self,
        code: RoomCode,
        seq: u64,
        change: &str,
        when: Condition,
    ) -> Result<Option<Message>> {
        let row = self
            .table
            .update(
                message_key(code, seq),
                change,
                when.value(":one", number(1)),
            )
            .await?;
        row.map(|row| message(row, self.clock.now()))
            .transpose()
            .map(Option::flatten)
    }

    /// Returns the numbers of the messages that quote a message and have not been announced without the quote.
    pub(crate) async fn quotes(&self, code: RoomCode, seq: u64) -> Result<Vec<u64>> {
        let keys = Condition::expression("pk = :pk AND begins_with(sk, :quotes)")
            .value(":pk", text(room_pk(code)))
            .value(":quotes", text(quotes_of(seq)));
        let rows = self.table.query_consistent(keys, usize::MAX).await?;
        Ok(rows
            .iter()
            .filter_map(|row| sort_key(row).rsplit('#').next()?.parse().ok())
            .collect())
    }

    /// Empties the quote of a deleted message in an answer. Returns the answer as it is now, `None` if it is gone.
    pub(crate) async fn empty_quote(
        &self,
        code: RoomCode,
        seq: u64,
        answer: u64,
    ) -> Result<Option<Message>> {
        let when = Condition::expression("reply_to.seq = :seq AND reply_to.#text <> :empty")
            .name_attribute("#text", "text")
            .value(":seq", number(seq))
            .value(":empty", text(""));
        let empties = "SET reply_to.#text = :empty, rev = rev + :one";
        match self.change_message(code, answer, empties, when).await? {
            Some(message) => Ok(Some(message)),
            None => self.message(code, answer).await,
        }
    }

    /// Forgets a quote whose answer has been announced without it.
    pub(crate) async fn forget_quote(&self, code: RoomCode, seq: u64, answer: u64) -> Result<()> {
        self.table.delete(quote_key(code, seq, answer)).await
    }

    pub(super) fn only_if_said(&self, code: RoomCode, seq: u64) -> Result<TransactWriteItem> {
        self.table.transact_check(message_key(code, seq), is_said())
    }

    /// None when that changes nothing.
    pub(crate) async fn react(
        &self,
        code: RoomCode,
        seq: u64,
        user: UserId,
        emoji: &str,
        on: bool,
    ) -> Result<Option<Message>> {
        let (change, when) = match on {
            true => (
                "ADD #who :me SET rev = rev + :one",
                is_said()
                    .and("attribute_not_exists(#who) OR (NOT contains(#who, :i) AND size(#who) < :most)")
                    .value(":most", number(MOST_OF_ONE_EMOJI)),
            ),
            false => ("DELETE #who :me SET rev = rev + :one", is_said().and("contains(#who, :i)")),
        };
        let when = when
            .name_attribute("#who", format!("{REACTION}{emoji}"))
            .value(":me", AttributeValue::Ss(vec![user.to_string()]))
            .value(":i", text(user.to_string()));
        self.change_message(code, seq, change, when).await
    }
}

/// It is there, and nobody deleted it.
fn is_said() -> Condition {
    Condition::expression("is_deleted = :no").value(":no", AttributeValue::Bool(false))
}

/// Nothing that is kept is older, by what the room has noted.
pub(crate) fn oldest(reserved: u64) -> u64 {
    first_seq(reserved.saturating_sub(RESERVED_AT_ONCE))
}

/// The oldest that a room keeps, by its latest.
pub(crate) fn first_seq(last_seq: u64) -> u64 {
    last_seq.saturating_sub(MAX_HISTORY) + 1
}
