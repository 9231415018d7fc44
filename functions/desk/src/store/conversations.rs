//! Heads of conversations, and the transactions that change them.
//!
//! A head is written under the version that was read, together with the messages that the change appends. So numbers
//! have no gaps, and nothing is written over a change that was not seen.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, number, text};
use confab_core::{Error, Result, UserId};
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{
    Author, ClientMessageId, Contact, ConversationId, Head, InboxPartition, ListKey, Message,
    VisitorId,
};
use serde::{Deserialize, Serialize};

use super::{Tenant, due::due_attributes, messages::message_sk};

const HEAD: &str = "HEAD";
const SAID_PREFIX: &str = "SAID#";
pub(super) const CONTACT: &str = "VISITOR";

pub(super) fn conversation_part(id: ConversationId) -> String {
    format!("CONV#{id}")
}

pub(super) fn visitor_part(id: VisitorId) -> String {
    format!("VIS#{id}")
}

fn said_sk(author: &Author, id: &ClientMessageId) -> String {
    format!("{SAID_PREFIX}{}#{}", author.key(), id.as_str())
}

/// The number that a client's message got.
#[derive(Serialize, Deserialize)]
struct SaidRow {
    seq: u64,
}

/// A change of a conversation that is to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConversationWrite<'a> {
    /// The version that was read; 0 is a new conversation.
    pub(crate) version: u64,
    pub(crate) head: &'a Head,
    pub(crate) entries: &'a [Message],
    /// The message among the entries that a client posted. Its id is remembered, so that retries find it.
    pub(crate) posted: Option<&'a Message>,
    /// Agents whom a note mentions.
    pub(crate) mentions: &'a BTreeSet<UserId>,
}

/// A conversation as a new message finds it.
#[derive(Debug, Clone)]
pub(crate) struct OpenedConversation {
    pub(crate) head: Head,
    /// The number of the message that was posted with the same client id before.
    pub(crate) repeated_seq: Option<u64>,
    /// The contact of a visitor who writes.
    pub(crate) contact: Option<Contact>,
}

impl Tenant<'_> {
    fn head_key(&self, id: ConversationId) -> Row {
        self.key(conversation_part(id), HEAD)
    }

    pub(crate) async fn find_head(
        &self,
        id: ConversationId,
        read: Consistency,
    ) -> Result<Option<Head>> {
        let mut heads = self.find_heads(&[id], read).await?;
        Ok(heads.pop())
    }

    /// Reads a head, strongly consistent.
    pub(crate) async fn require_head(&self, id: ConversationId) -> Result<Head> {
        let head = self.find_head(id, Consistency::Strong).await?;
        head.ok_or_else(|| Error::not_found("conversation"))
    }

    /// Reads the heads of up to a hundred conversations, in any order.
    pub(crate) async fn find_heads(
        &self,
        ids: &[ConversationId],
        read: Consistency,
    ) -> Result<Vec<Head>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys = ids.iter().map(|id| self.head_key(*id)).collect();
        let rows = self.table().batch_get(keys, read).await?;
        rows.into_iter().map(Table::from_row).collect()
    }

    /// Reads what a post needs to know, in one call: the head, whether the message was posted before, and the visitor.
    pub(crate) async fn open_conversation(
        &self,
        id: ConversationId,
        author: &Author,
        client_id: &ClientMessageId,
    ) -> Result<OpenedConversation> {
        let said = said_sk(author, client_id);
        let mut keys = vec![self.head_key(id), self.key(conversation_part(id), &said)];
        if let Author::Visitor { id, .. } = author {
            keys.push(self.key(visitor_part(*id), CONTACT));
        }
        let rows = self.table().batch_get(keys, Consistency::Strong).await?;
        let (mut head, mut repeated_seq, mut contact) = (None, None, None);
        for row in rows {
            match Table::sort_key(&row) {
                HEAD => head = Some(Table::from_row(row)?),
                CONTACT => contact = Some(Table::from_row(row)?),
                _ => repeated_seq = Some(Table::from_row::<SaidRow>(row)?.seq),
            }
        }
        Ok(OpenedConversation {
            head: head.ok_or_else(|| Error::not_found("conversation"))?,
            repeated_seq,
            contact,
        })
    }

    /// Writes a change if the head still has the version that was read.
    pub(crate) async fn save_transition(
        &self,
        write: &ConversationWrite<'_>,
        others: Vec<TransactWriteItem>,
    ) -> Result<SaveOutcome> {
        let is_head_alone =
            write.entries.is_empty() && write.mentions.is_empty() && others.is_empty();
        if is_head_alone {
            let unchanged = Condition::version(write.version);
            let is_saved = self
                .table()
                .put(self.head_row(write.head)?, unchanged)
                .await?;
            return Ok(if is_saved {
                SaveOutcome::Saved
            } else {
                SaveOutcome::Conflict
            });
        }
        let mut writes = self.transition_writes(write)?;
        writes.extend(others);
        self.table().transact(writes).await
    }

    /// Returns the parts of the transaction that writes a change. The head is the first.
    pub(super) fn transition_writes(
        &self,
        write: &ConversationWrite<'_>,
    ) -> Result<Vec<TransactWriteItem>> {
        let (table, head) = (self.table(), write.head);
        let unchanged = Condition::version(write.version);
        let mut writes = vec![table.transact_put(self.head_row(head)?, unchanged)?];
        for entry in write.entries {
            let row = self.message_row(head.id, entry)?;
            writes.push(table.transact_put(row, Condition::not_exists())?);
        }
        if let Some(posted) = write.posted
            && let Some(client_id) = &posted.client_msg_id
        {
            let sk = said_sk(&posted.author, client_id);
            let said = SaidRow { seq: posted.seq };
            let row = self.row(conversation_part(head.id), sk, &said)?;
            writes.push(table.transact_put(row, Condition::not_exists())?);
        }
        for user in write.mentions {
            let row = self.mention_row(head, *user);
            writes.push(table.transact_put(row, Condition::none())?);
        }
        Ok(writes)
    }

    /// Renders a head with its place in the lists, and in the index of what is due. The place in a list moves every ten
    /// seconds at most, so that a burst of messages writes nothing there.
    fn head_row(&self, head: &Head) -> Result<Row> {
        let part = conversation_part(head.id);
        let mut row = self.row(&part, HEAD, head)?;
        // Absent attributes are read as `None`, and a head of one kilobyte is one unit.
        row.retain(|_, value| !value.is_null());
        row.insert("gpk".to_owned(), text(self.pk(InboxPartition::of(head))));
        row.insert("gsk".to_owned(), text(ListKey::of(head).to_string()));
        if let Some(at) = head.due_at() {
            row.extend(due_attributes(&self.pk(&part), at));
        }
        Ok(row)
    }

    /// Renders the pointer to a conversation for an agent whom a note mentions, at the place of the mention.
    fn mention_row(&self, head: &Head, user: UserId) -> Row {
        let mentioned = ListKey {
            at: desk_domain::round_for_index(head.updated_at),
            id: head.id,
        };
        let mut row = self.key(conversation_part(head.id), format!("MENTION#{user}"));
        let partition = self.pk(InboxPartition::Mentions(user));
        row.insert("gpk".to_owned(), text(partition));
        row.insert("gsk".to_owned(), text(mentioned.to_string()));
        row
    }

    fn message_row(&self, id: ConversationId, message: &Message) -> Result<Row> {
        let mut row = self.row(conversation_part(id), message_sk(message.seq), message)?;
        row.retain(|_, value| !value.is_null());
        Ok(row)
    }

    /// Replaces a message if it still has the revision that was read.
    pub(crate) async fn save_message(
        &self,
        id: ConversationId,
        message: &Message,
        rev: u64,
    ) -> Result<SaveOutcome> {
        let unchanged = Condition::expression("rev = :rev").value(":rev", number(rev));
        let row = self.message_row(id, message)?;
        if self.table().put(row, unchanged).await? {
            Ok(SaveOutcome::Saved)
        } else {
            Ok(SaveOutcome::Conflict)
        }
    }
}
