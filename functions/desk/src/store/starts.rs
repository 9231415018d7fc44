//! New conversations: all their rows are written in one transaction.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, WriteConflict, number, text};
use confab_core::{Result, Timestamp, after};
use desk_domain::{Author, ClientMessageId, Contact, ConversationId, Limit, VisitorId};
use serde::{Deserialize, Serialize};

use super::{ConversationWrite, Tenant, conversations::visitor_part};

const CONVERSATION_PREFIX: &str = "CONV#";
/// Conversations that a visitor may begin in a day.
const MAX_PER_DAY: u64 = 50;
/// How long the client's id of a conversation is remembered: longer than a visitor's token is valid.
const START_TTL: Duration = Duration::from_secs(40 * 86_400);
const DAY_TTL: Duration = Duration::from_secs(2 * 86_400);

/// The conversation that a client's id began.
#[derive(Serialize, Deserialize)]
struct StartRow {
    conversation: ConversationId,
    /// For TTL, in Unix seconds.
    expires_at: i64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct NewConversationWrite<'a> {
    pub(crate) write: ConversationWrite<'a>,
    pub(crate) starter: &'a Author,
    pub(crate) client_id: &'a ClientMessageId,
    /// The limit of conversations in a month.
    pub(crate) limit: &'a Limit,
    /// A contact that is created with its first conversation.
    pub(crate) contact: Option<&'a Contact>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartOutcome {
    Saved,
    /// The client's id has begun a conversation before.
    Repeated,
    LimitReached,
    TooManyToday,
}

impl Tenant<'_> {
    /// Returns the conversation that a client's id began.
    pub(crate) async fn find_started(
        &self,
        starter: &Author,
        client_id: &ClientMessageId,
    ) -> Result<Option<ConversationId>> {
        let (part, sk) = start_place(starter, client_id);
        let row: Option<StartRow> = self.get(part, sk).await?;
        Ok(row.map(|row| row.conversation))
    }

    /// Writes a new conversation with its first entries, and counts it.
    pub(crate) async fn save_new_conversation(
        &self,
        new: &NewConversationWrite<'_>,
        now: Timestamp,
    ) -> Result<StartOutcome> {
        let (table, head) = (self.table(), new.write.head);
        let visitor = visitor_part(head.visitor.id);
        let started = StartRow {
            conversation: head.id,
            expires_at: after(now, START_TTL).as_second(),
        };
        let (part, sk) = start_place(new.starter, new.client_id);
        let started = self.row(part, sk, &started)?;
        let mut writes = vec![
            table.transact_put(started, Condition::not_exists())?,
            self.take_limit(new.limit, 1, now)?,
        ];
        writes.extend(self.day_write(new.starter, now)?);
        writes.extend(self.transition_writes(&new.write)?);
        let mut history = self.key(&visitor, format!("{CONVERSATION_PREFIX}{}", head.id));
        history.insert("at".to_owned(), text(head.started_at.to_string()));
        writes.push(table.transact_put(history, Condition::none())?);
        if let Some(contact) = new.contact {
            writes.push(self.contact_write(contact, 0)?);
        }
        let Some(conflicts) = table.try_transact(writes).await? else {
            return Ok(StartOutcome::Saved);
        };
        let failed = |index| conflicts.get(index) == Some(&WriteConflict::ConditionFailed);
        Ok(if failed(0) {
            StartOutcome::Repeated
        } else if failed(1) {
            StartOutcome::LimitReached
        } else {
            StartOutcome::TooManyToday
        })
    }

    /// The part of a transaction that counts a conversation of this day. `None` for one that an agent begins.
    fn day_write(&self, starter: &Author, now: Timestamp) -> Result<Option<TransactWriteItem>> {
        let Author::Visitor { id, .. } = starter else {
            return Ok(None);
        };
        let day = now.strftime("DAY#%Y-%m-%d").to_string();
        let has_room = Condition::expression("attribute_not_exists(#count) OR #count < :most")
            .name_attribute("#count", "count")
            .value(":most", number(MAX_PER_DAY))
            .value(":one", number(1))
            .value(":expires", number(after(now, DAY_TTL).as_second()));
        let count = "ADD #count :one SET expires_at = :expires";
        let key = self.key(visitor_part(*id), day);
        self.table().transact_update(key, count, has_room).map(Some)
    }

    /// Returns the conversations of a visitor that began before another one, the newest first.
    pub(crate) async fn conversations_of(
        &self,
        visitor: VisitorId,
        before: Option<ConversationId>,
        most: u16,
    ) -> Result<Vec<ConversationId>> {
        let last = match before {
            Some(id) => format!("{CONVERSATION_PREFIX}{id}"),
            // After every id.
            None => format!("{CONVERSATION_PREFIX}~"),
        };
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :first AND :last")
            .value(":pk", text(self.pk(visitor_part(visitor))))
            .value(":first", text(CONVERSATION_PREFIX))
            .value(":last", text(last));
        let read = confab_worker::Consistency::Strong;
        // The one that is named is read, too.
        let most = i32::from(most) + 1;
        let rows = self.table().query_descending(keys, most, read).await?;
        let ids = rows.iter().filter_map(conversation_of);
        Ok(ids.filter(|id| Some(*id) != before).collect())
    }
}

fn conversation_of(row: &Row) -> Option<ConversationId> {
    let id = Table::sort_key(row).strip_prefix(CONVERSATION_PREFIX)?;
    id.parse().ok()
}

/// Returns the partition and sort key under which a client's id of a conversation is remembered.
fn start_place(starter: &Author, client_id: &ClientMessageId) -> (String, String) {
    let id = client_id.as_str();
    match starter {
        Author::Visitor { id: visitor, .. } => (visitor_part(*visitor), format!("START#{id}")),
        other => (String::new(), format!("START#{}#{id}", other.key())),
    }
}
