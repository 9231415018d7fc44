//! Reading, deleting and reacting to messages.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use confab_aws::{Condition, Row, Table, number, store_error, text};
use confab_core::{CorrelationId, Money, Private, Result, Timestamp, UserId};
use confab_live::decode_rows;
use confab_worker::Consistency;
use rooms_domain::{
    ClientMessageId, MAX_USERS_PER_EMOJI, Message, Quote, RoomCode, Username, summarize_reactions,
};
use serde::{Deserialize, Serialize};

use super::{Store, room_pk};

/// The highest number that fits into a sort key.
const MAX_SEQ: u64 = 999_999_999_999;
pub(super) const MESSAGE_PREFIX: &str = "MSG#";
const REACTION_PREFIX: &str = "r:";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MessageRow {
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

impl MessageRow {
    pub(super) fn new(message: &Message, expires_at: i64) -> Self {
        Self {
            seq: message.seq,
            at: message.at,
            user_id: message.user_id,
            username: message.username.clone(),
            text: message.text.clone(),
            client_msg_id: message.client_msg_id.clone(),
            reply_to: message.reply_to.clone(),
            is_deleted: message.is_deleted,
            rev: message.rev,
            tip: message.tip,
            expires_at,
        }
    }
}

pub(super) fn message_sk(seq: u64) -> String {
    format!("{MESSAGE_PREFIX}{seq:012}")
}

fn message_key(code: RoomCode, seq: u64) -> Row {
    Table::key(room_pk(code), message_sk(seq))
}

/// Decodes a message. `None` for an expired one, which DynamoDB deletes days later.
fn decode_message(mut row: Row, now: Timestamp) -> Result<Option<Message>> {
    let names: Vec<_> = row
        .keys()
        .filter(|name| name.starts_with(REACTION_PREFIX))
        .cloned()
        .collect();
    let mut users_by_emoji = BTreeMap::new();
    for name in names {
        let users = row
            .remove(&name)
            .and_then(|value| value.as_ss().ok().cloned())
            .unwrap_or_default();
        users_by_emoji.insert(
            name[REACTION_PREFIX.len()..].to_owned(),
            users.iter().filter_map(|user| user.parse().ok()).collect(),
        );
    }
    let row: MessageRow = Table::from_row(row)?;
    if row.expires_at <= now.as_second() {
        return Ok(None);
    }
    Ok(Some(Message {
        seq: row.seq,
        at: row.at,
        user_id: row.user_id,
        username: row.username,
        text: row.text,
        client_msg_id: row.client_msg_id,
        reply_to: row.reply_to,
        is_deleted: row.is_deleted,
        reactions: summarize_reactions(&users_by_emoji),
        rev: row.rev,
        tip: row.tip,
    }))
}

fn not_deleted() -> Condition {
    Condition::expression("is_deleted = :no").value(":no", AttributeValue::Bool(false))
}

impl Store {
    pub(crate) async fn find_message(&self, code: RoomCode, seq: u64) -> Result<Option<Message>> {
        let get = self
            .table
            .client
            .get_item()
            .table_name(&self.table.name)
            .set_key(Some(message_key(code, seq)))
            .consistent_read(true);
        let row = Box::pin(get.send()).await.map_err(store_error)?.item;
        self.decode_optional(row)
    }

    fn decode_optional(&self, row: Option<Row>) -> Result<Option<Message>> {
        row.map(|row| decode_message(row, self.clock.now()))
            .transpose()
            .map(Option::flatten)
    }

    pub(super) fn decode_messages(
        &self,
        rows: Vec<Row>,
        correlation_id: CorrelationId,
    ) -> Vec<Message> {
        let now = self.clock.now();
        decode_rows(rows, "message", correlation_id, |row| {
            decode_message(row, now)
        })
        .into_iter()
        .flatten()
        .collect()
    }

    /// Returns the number of the newest message. `None` when none is kept.
    pub(crate) async fn newest_seq(
        &self,
        code: RoomCode,
        correlation_id: CorrelationId,
    ) -> Result<Option<u64>> {
        let messages = self.messages_before(code, None, 1, correlation_id).await?;
        Ok(messages.first().map(|message| message.seq))
    }

    /// Returns the page before a number, or the latest page, in ascending order.
    pub(crate) async fn messages_before(
        &self,
        code: RoomCode,
        seq: Option<u64>,
        limit: i32,
        correlation_id: CorrelationId,
    ) -> Result<Vec<Message>> {
        let until = seq
            .map_or(MAX_SEQ, |seq| seq.saturating_sub(1))
            .min(MAX_SEQ);
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :from AND :until")
            .value(":pk", text(room_pk(code)))
            .value(":from", text(message_sk(0)))
            .value(":until", text(message_sk(until)));
        let mut rows = self
            .table
            .query_descending(keys, limit, Consistency::Eventual)
            .await?;
        rows.reverse();
        Ok(self.decode_messages(rows, correlation_id))
    }

    /// Returns the page after a number, in ascending order.
    pub(crate) async fn messages_after(
        &self,
        code: RoomCode,
        seq: u64,
        limit: usize,
        correlation_id: CorrelationId,
    ) -> Result<Vec<Message>> {
        let from = seq.saturating_add(1).min(MAX_SEQ);
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :from AND :until")
            .value(":pk", text(room_pk(code)))
            .value(":from", text(message_sk(from)))
            .value(":until", text(message_sk(MAX_SEQ)));
        let rows = self.table.query(None, keys, limit).await?;
        Ok(self.decode_messages(rows, correlation_id))
    }

    /// Leaves a tombstone of a message. `None` when there is no such message, or it is deleted.
    pub(crate) async fn delete_message(&self, code: RoomCode, seq: u64) -> Result<Option<Message>> {
        let tombstone =
            "SET is_deleted = :yes, #text = :empty, rev = rev + :one REMOVE reply_to, tip";
        let when = not_deleted()
            .name_attribute("#text", "text")
            .value(":yes", AttributeValue::Bool(true))
            .value(":empty", text(""));
        self.update_message(code, seq, tombstone, when).await
    }

    /// Updates a message and returns it. The expression increments `rev` by `:one`.
    pub(super) async fn update_message(
        &self,
        code: RoomCode,
        seq: u64,
        expression: &str,
        when: Condition,
    ) -> Result<Option<Message>> {
        let row = self
            .table
            .update(
                message_key(code, seq),
                expression,
                when.value(":one", number(1)),
            )
            .await?;
        self.decode_optional(row)
    }

    /// Adds or removes a user's reaction. `None` when that changes nothing.
    pub(crate) async fn set_reaction(
        &self,
        code: RoomCode,
        seq: u64,
        user: UserId,
        emoji: &str,
        on: bool,
    ) -> Result<Option<Message>> {
        let (expression, when) = if on {
            let when = not_deleted()
                .and(
                    "attribute_not_exists(#who) OR (NOT contains(#who, :i) AND size(#who) < :most)",
                )
                .value(":most", number(MAX_USERS_PER_EMOJI));
            ("ADD #who :me SET rev = rev + :one", when)
        } else {
            let when = not_deleted().and("contains(#who, :i)");
            ("DELETE #who :me SET rev = rev + :one", when)
        };
        let when = when
            .name_attribute("#who", format!("{REACTION_PREFIX}{emoji}"))
            .value(":me", AttributeValue::Ss(vec![user.to_string()]))
            .value(":i", text(user.to_string()));
        self.update_message(code, seq, expression, when).await
    }

    /// The part of a transaction that requires a message not to be deleted.
    pub(super) fn require_message(&self, code: RoomCode, seq: u64) -> Result<TransactWriteItem> {
        self.table
            .transact_check(message_key(code, seq), not_deleted())
    }
}
