//! The carousel's rows in DynamoDB. Only this module knows the key layout:
//!
//! | pk | sk | row |
//! |---|---|---|
//! | `CHAT#tg:52..` | `CHAT` | a chat, with a version; index `Due` by `due_in` and `due_at` |
//! | `CHAT#tg:52..` | `CAR#01m..` | a carousel, with a version; indexes `Due`, and `Listed` by `listed_in` and `carousel` |
//! | `CHAT#tg:52..` | `DECIDED#tg7-90..` | the effects of a decision |
//! | `CHAT#page:..` | `OUT#eff_..` | a call for a chat without an address |
//! | `CHAT#tg:52..` | `WRITE#01m..:1` | the model's calls for a job, and what they came to |
//! | `CHAT#tg:52..` | `CACHE#..` | texts that the model wrote for a person about a topic |
//! | `BUDGET#..` | `2026-11-30`, `2026-11` | what the model cost a person or the stack in a day or a month |
//! | `MODEL#gpt-..` | `BREAKER` | failures of a model, and until when it is left alone |
//! | `ALIAS#-100..` | `ALIAS` | the chat of a group that got another id |
//! | `CHAT#page:01m..` | `REQUEST` | a carousel that was asked for outside of Telegram |
//! | `REQUEST#..` | `REQUEST` | the same, by a hash of its idempotency key |
//! | `INBOX#tg7-90..` | `INBOX` | an inbox entry, see `confab_aws::Inbox` |

mod alerts;
mod breaker;
mod carousels;
mod decisions;
mod due;
mod erasure;
mod events;
mod journal;
mod outbox;
mod rebuild;
mod requests;
mod rollups;
mod writing;

use std::{collections::BTreeMap, sync::Arc};

use carousel_domain::{
    CarouselId, Chat, ChatState, Effect, Saga, SendOutcome, StoredSaga, TelegramId, Trigger,
};
use confab_aws::{Row, Table};
use confab_core::{Clock, CorrelationId, Result, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    alerts::SavedWatch,
    breaker::Breaker,
    carousels::{CarouselRecord, FoundCarousel},
    events::EventQuery,
    journal::{Journal, JournaledEvent},
    rebuild::Building,
    requests::{RequestRecord, page_chat},
    writing::{Reservation, ReserveOutcome, WritingRow, taken},
};

#[derive(Clone)]
pub(crate) struct Store {
    table: Table,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.fmt(f)
    }
}

/// A trigger of a chat, with its idempotency key and trace.
#[derive(Debug)]
pub(crate) struct ChatTrigger {
    /// The same in every copy.
    pub(crate) id: String,
    pub(crate) chat: String,
    pub(crate) trigger: Trigger,
    pub(crate) correlation_id: CorrelationId,
}

/// A chat as loaded for a decision, with everything that saving it needs.
#[derive(Debug, Clone)]
pub(crate) struct ChatRecord {
    pub(crate) state: ChatState,
    /// Key of the chat: another one than the trigger's if the group got another id.
    pub(crate) key: String,
    /// Version of the chat's row; 0 without one.
    version: u64,
    loaded: BTreeMap<CarouselId, LoadedSaga>,
}

#[derive(Debug, Clone)]
struct LoadedSaga {
    version: u64,
    correlation_id: CorrelationId,
    saga: Saga,
}

impl ChatRecord {
    /// Returns the trace of a carousel's request, which all its events and messages have.
    pub(crate) fn correlation_of(&self, carousel: CarouselId) -> Option<CorrelationId> {
        let loaded = self.loaded.get(&carousel)?;
        Some(loaded.correlation_id)
    }
}

/// An effect with the chat that it concerns, its trace, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ChatAction {
    pub(crate) chat: String,
    /// `None` for requests of the page and of tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<TelegramId>,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) effect: Effect,
    /// A new message may have been sent: from here on it is not sent again.
    #[serde(default)]
    pub(crate) is_attempted: bool,
    /// What became of a call: a `SendOutcome` as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
}

impl ChatAction {
    pub(crate) fn new(
        chat: String,
        address: Option<TelegramId>,
        correlation_id: CorrelationId,
        effect: Effect,
    ) -> Self {
        Self {
            chat,
            address,
            correlation_id,
            effect,
            is_attempted: false,
            outcome: None,
        }
    }

    pub(crate) fn outcome(&self) -> Option<SendOutcome> {
        serde_json::from_str(self.outcome.as_ref()?).ok()
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct ChatRow {
    version: u64,
    /// Puts the row into the index `Due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_in: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    chat: Chat,
}

#[derive(Debug, Serialize, Deserialize)]
struct SagaRow {
    version: u64,
    correlation_id: CorrelationId,
    /// Puts the row into the index `Due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_in: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    /// Puts the row into the index `Listed`.
    listed_in: String,
    carousel: CarouselId,
    saga: StoredSaga,
}

/// The only partition of the index `Due`: few rows have a deadline at a time.
const DUE_PARTITION: &str = "carousel";
const LISTED_PARTITION: &str = "carousel";

fn due(at: Option<Timestamp>) -> (Option<String>, Option<i64>) {
    let millis = at.map(Timestamp::as_millisecond);
    (millis.map(|_| DUE_PARTITION.to_owned()), millis)
}

fn chat_pk(chat: &str) -> String {
    format!("CHAT#{chat}")
}

fn chat_key(chat: &str) -> Row {
    Table::key(chat_pk(chat), "CHAT")
}

fn saga_sk(carousel: CarouselId) -> String {
    format!("CAR#{carousel}")
}

fn saga_key(chat: &str, carousel: CarouselId) -> Row {
    Table::key(chat_pk(chat), saga_sk(carousel))
}

fn decided_key(chat: &str, trigger: &str) -> Row {
    Table::key(chat_pk(chat), format!("DECIDED#{trigger}"))
}

fn alias_key(chat: TelegramId) -> Row {
    Table::key(format!("ALIAS#{chat}"), "ALIAS")
}

impl Store {
    pub(crate) fn new(table: Table, clock: Arc<dyn Clock>) -> Self {
        Self { table, clock }
    }

    /// Checks that the table answers.
    pub(crate) async fn check(&self) -> Result<()> {
        self.table.check().await
    }
}
