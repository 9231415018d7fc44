//! Reading the messages, notes and events of a conversation by their numbers.

use confab_aws::{Condition, Table, text};
use confab_core::{CorrelationId, Error, Result};
use confab_live::decode_rows;
use confab_worker::Consistency;
use desk_domain::{ConversationId, Message};

use super::{Tenant, conversations::conversation_part};

/// The highest number that fits into a sort key.
const MAX_SEQ: u64 = 999_999_999_999;

pub(super) fn message_sk(seq: u64) -> String {
    format!("MSG#{seq:012}")
}

impl Tenant<'_> {
    /// Reads a message, strongly consistent.
    pub(crate) async fn require_message(&self, id: ConversationId, seq: u64) -> Result<Message> {
        let message = match seq {
            0..=MAX_SEQ => self.get(conversation_part(id), message_sk(seq)).await?,
            _ => None,
        };
        message.ok_or_else(|| Error::not_found("message"))
    }

    /// Returns the page before a number, or the latest page, in ascending order.
    pub(crate) async fn messages_before(
        &self,
        id: ConversationId,
        seq: Option<u64>,
        limit: i32,
        correlation_id: CorrelationId,
    ) -> Result<Vec<Message>> {
        let until = seq.map_or(MAX_SEQ, |seq| seq.saturating_sub(1));
        let keys = self.messages_between(id, 0, until);
        let read = Consistency::Eventual;
        let mut rows = self.table().query_descending(keys, limit, read).await?;
        rows.reverse();
        Ok(decode_rows(
            rows,
            "message",
            correlation_id,
            Table::from_row,
        ))
    }

    /// Returns the page after a number, in ascending order, strongly consistent: it closes the gap of a client.
    pub(crate) async fn messages_after(
        &self,
        id: ConversationId,
        seq: u64,
        limit: usize,
        correlation_id: CorrelationId,
    ) -> Result<Vec<Message>> {
        let keys = self.messages_between(id, seq.saturating_add(1), MAX_SEQ);
        let rows = self.table().query_consistent(keys, limit).await?;
        Ok(decode_rows(
            rows,
            "message",
            correlation_id,
            Table::from_row,
        ))
    }

    fn messages_between(&self, id: ConversationId, from: u64, until: u64) -> Condition {
        Condition::expression("pk = :pk AND sk BETWEEN :from AND :until")
            .value(":pk", text(self.pk(conversation_part(id))))
            .value(":from", text(message_sk(from.min(MAX_SEQ))))
            .value(":until", text(message_sk(until.min(MAX_SEQ))))
    }
}
