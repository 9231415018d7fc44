//! Decisions about a chat: saved in one transaction with their effects and inbox entry.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use carousel_domain::{CarouselId, ChatState, Saga, Trigger, carousels_of};
use confab_aws::{Condition, Inbox, Row, Table, text};
use confab_core::{CorrelationId, EffectId, Result, Timestamp};
use confab_lambda::{metrics, warn};
use confab_worker::{Consistency, DecisionStore, Effect, EffectOutcome, InboxState, SaveOutcome};
use serde::{Deserialize, Serialize};

use super::{
    ChatAction, ChatRecord, ChatRow, ChatTrigger, LISTED_PARTITION, LoadedSaga, SagaRow, Store,
    alias_key, chat_key, chat_pk, decided_key, due, saga_key, saga_sk,
};

/// The effects of a decision. Their order is that of the inbox entry.
#[derive(Debug, Serialize, Deserialize)]
struct DecidedRow {
    effects: HashMap<EffectId, StoredEffect>,
    expires_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredEffect {
    settled: bool,
    #[serde(flatten)]
    action: ChatAction,
}

/// The chat that a group's new id leads to.
#[derive(Debug, Serialize, Deserialize)]
struct AliasRow {
    chat: String,
}

/// Rows by partition and sort key.
type Rows = HashMap<(String, String), Row>;

fn by_key(rows: Vec<Row>) -> Rows {
    let key = |row: &Row| (Table::partition(row), Table::sort_key(row).to_owned());
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

fn take(rows: &mut Rows, key: &Row) -> Option<Row> {
    rows.remove(&(Table::partition(key), Table::sort_key(key).to_owned()))
}

impl Store {
    async fn effects_of(&self, trigger: &str, inbox: &Inbox) -> Result<Vec<Effect<ChatAction>>> {
        if inbox.effects.is_empty() {
            return Ok(Vec::new());
        }
        let row: Option<DecidedRow> = self.table.get(decided_key(&inbox.owner, trigger)).await?;
        let mut stored = row.map(|row| row.effects).unwrap_or_default();
        let ids = inbox.effects.iter();
        let effect = |id: &EffectId| {
            let stored = stored.remove(id)?;
            Some(Effect {
                id: *id,
                settled: stored.settled,
                what: stored.action,
            })
        };
        Ok(ids.filter_map(effect).collect())
    }

    /// Returns the effects of a trigger that was decided, in order.
    pub(crate) async fn decided_effects(&self, trigger: &str) -> Result<Vec<Effect<ChatAction>>> {
        let keys = vec![Inbox::key(trigger)];
        let row = self.table.batch_get(keys, Consistency::Strong).await?.pop();
        let inbox = row.map(|row| Inbox::read(row, self.clock.now()));
        match inbox.transpose()?.flatten() {
            Some(inbox) => self.effects_of(trigger, &inbox).await,
            None => Ok(Vec::new()),
        }
    }

    /// Notes whether a new message may be in the chat.
    pub(crate) async fn set_attempted(
        &self,
        trigger: &str,
        effect: &Effect<ChatAction>,
        is_attempted: bool,
    ) -> Result<()> {
        let set = "SET effects.#id.is_attempted = :is_attempted";
        let when = of_effect(effect.id).value(":is_attempted", AttributeValue::Bool(is_attempted));
        let key = decided_key(&effect.what.chat, trigger);
        self.table.update(key, set, when).await.map(drop)
    }

    /// Reads a chat with its running carousels and those that the trigger names.
    async fn load(
        &self,
        trigger: &ChatTrigger,
        consistency: Consistency,
    ) -> Result<InboxState<ChatRecord, ChatAction>> {
        let inbox_key = Inbox::key(&trigger.id);
        let named = carousels_of(None, &trigger.trigger);
        let alias = match &trigger.trigger {
            Trigger::Update { update } => Some(alias_key(update.chat)),
            _ => None,
        };
        let keys = [inbox_key.clone(), chat_key(&trigger.chat)]
            .into_iter()
            .chain(alias.clone())
            .chain(named.iter().map(|id| saga_key(&trigger.chat, *id)));
        let rows = self.table.batch_get(keys.collect(), consistency).await?;
        let mut rows = by_key(rows);
        if let Some(row) = take(&mut rows, &inbox_key)
            && let Some(inbox) = Inbox::read(row, self.clock.now())?
        {
            return Ok(InboxState::Decided {
                effects: self.effects_of(&trigger.id, &inbox).await?,
                lease_until: inbox.lease_until(),
            });
        }
        let alias = alias.and_then(|key| take(&mut rows, &key));
        let key = match alias.map(Table::from_row::<AliasRow>).transpose()? {
            Some(alias) => alias.chat,
            None => trigger.chat.clone(),
        };
        if key != trigger.chat {
            let keys = [chat_key(&key)]
                .into_iter()
                .chain(named.iter().map(|id| saga_key(&key, *id)));
            rows = by_key(self.table.batch_get(keys.collect(), consistency).await?);
        }
        let row = take(&mut rows, &chat_key(&key));
        let begins_chat = matches!(
            trigger.trigger,
            Trigger::Update { .. } | Trigger::Request { .. }
        );
        if row.is_none() && consistency == Consistency::Eventual && !begins_chat {
            // News of a chat that seems to be unknown: either it was erased, or the read is not up to date.
            return Box::pin(self.load(trigger, Consistency::Strong)).await;
        }
        let row = row.map(Table::from_row::<ChatRow>).transpose()?;
        let (version, chat) = row.map_or((0, None), |row| (row.version, Some(row.chat)));
        let wanted = carousels_of(chat.as_ref(), &trigger.trigger);
        let missing: Vec<_> = wanted
            .difference(&named)
            .map(|id| saga_key(&key, *id))
            .collect();
        if !missing.is_empty() {
            rows.extend(by_key(self.table.batch_get(missing, consistency).await?));
        }
        let mut loaded = BTreeMap::new();
        for id in wanted {
            if let Some(row) = take(&mut rows, &saga_key(&key, id)) {
                let row: SagaRow = match Table::from_row(row) {
                    Ok(row) => row,
                    Err(error) if named.contains(&id) => return Err(error),
                    // The chat goes on without it.
                    Err(error) => {
                        metrics::count("CarouselUnreadable", "row");
                        warn(
                            "carousel_unreadable",
                            &format!("{id}: {error}"),
                            trigger.correlation_id,
                        );
                        continue;
                    }
                };
                loaded.insert(
                    id,
                    LoadedSaga {
                        version: row.version,
                        correlation_id: row.correlation_id,
                        saga: row.saga.upcast(),
                    },
                );
            }
        }
        let sagas = loaded.iter().map(|(id, loaded)| (*id, loaded.saga.clone()));
        let state = ChatState {
            chat,
            sagas: sagas.collect(),
            is_erased: false,
        };
        Ok(InboxState::New(ChatRecord {
            state,
            key,
            version,
            loaded,
        }))
    }

    fn put_saga(
        &self,
        record: &ChatRecord,
        id: CarouselId,
        saga: &Saga,
        correlation_id: CorrelationId,
    ) -> Result<TransactWriteItem> {
        let loaded = record.loaded.get(&id);
        let version = loaded.map_or(0, |loaded| loaded.version);
        let (due_in, due_at) = due(saga.due_at);
        let row = SagaRow {
            version: version + 1,
            correlation_id: loaded.map_or(correlation_id, |loaded| loaded.correlation_id),
            due_in,
            due_at,
            listed_in: LISTED_PARTITION.to_owned(),
            carousel: id,
            saga: saga.clone().into(),
        };
        let row = Table::to_row(chat_pk(&record.key), saga_sk(id), &row)?;
        self.table.transact_put(row, Condition::version(version))
    }

    /// Writes the chat and the carousels that changed. An erased chat loses its row here, and the
    /// rest by its effect.
    fn put_chat(
        &self,
        record: &ChatRecord,
        correlation_id: CorrelationId,
    ) -> Result<Vec<TransactWriteItem>> {
        let Some(chat) = &record.state.chat else {
            return Ok(Vec::new());
        };
        if record.state.is_erased {
            if record.version == 0 {
                return Ok(Vec::new());
            }
            let condition = Condition::version(record.version);
            return Ok(vec![
                self.table
                    .transact_delete(chat_key(&record.key), condition)?,
            ]);
        }
        let (due_in, due_at) = due(chat.next_timer_at);
        let row = ChatRow {
            version: record.version + 1,
            due_in,
            due_at,
            chat: chat.clone(),
        };
        let row = Table::to_row(chat_pk(&record.key), "CHAT", &row)?;
        let mut writes = vec![
            self.table
                .transact_put(row, Condition::version(record.version))?,
        ];
        for (id, saga) in &record.state.sagas {
            let is_unchanged = record
                .loaded
                .get(id)
                .is_some_and(|loaded| loaded.saga == *saga);
            if !is_unchanged {
                writes.push(self.put_saga(record, *id, saga, correlation_id)?);
            }
        }
        Ok(writes)
    }

    /// Leads a group's new id to its chat.
    pub(crate) async fn save_alias(&self, new_id: i64, chat: &str) -> Result<()> {
        let row = AliasRow {
            chat: chat.to_owned(),
        };
        let row = Table::to_row(format!("ALIAS#{new_id}"), "ALIAS", &row)?;
        self.table.put(row, Condition::none()).await.map(drop)
    }
}

impl DecisionStore<ChatTrigger> for Store {
    type State = ChatRecord;
    type Effect = ChatAction;

    async fn open(
        &self,
        trigger: &ChatTrigger,
        consistency: Consistency,
    ) -> Result<InboxState<ChatRecord, ChatAction>> {
        self.load(trigger, consistency).await
    }

    async fn save(
        &self,
        trigger: &ChatTrigger,
        record: &ChatRecord,
        effects: &[Effect<ChatAction>],
        lease_until: Timestamp,
    ) -> Result<SaveOutcome> {
        let now = self.clock.now();
        let effect_ids = effects.iter().map(|effect| effect.id).collect();
        let inbox = Inbox::new(record.key.clone(), effect_ids, lease_until, now);
        let mut writes = vec![inbox.claim(&self.table, &trigger.id, now)?];
        writes.extend(self.put_chat(record, trigger.correlation_id)?);
        if !effects.is_empty() {
            let stored = effects.iter().map(|effect| {
                let stored = StoredEffect {
                    settled: effect.settled,
                    action: effect.what.clone(),
                };
                (effect.id, stored)
            });
            let row = DecidedRow {
                effects: stored.collect(),
                expires_at: Inbox::expiry(now),
            };
            let sk = format!("DECIDED#{}", trigger.id);
            let row = Table::to_row(chat_pk(&record.key), sk, &row)?;
            writes.push(self.table.transact_put(row, Condition::none())?);
        }
        self.table.transact(writes).await
    }

    async fn move_lease(
        &self,
        trigger: &ChatTrigger,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        Inbox::move_lease(&self.table, &trigger.id, from, until).await
    }

    /// Marks an effect, with the outcome of a call, which the carousel is told afterwards.
    async fn settle(
        &self,
        trigger: &ChatTrigger,
        effect: &Effect<ChatAction>,
        outcome: &EffectOutcome,
    ) -> Result<()> {
        let EffectOutcome::Done { receipt } = outcome else {
            return Ok(());
        };
        let mut set = "SET effects.#id.settled = :settled".to_owned();
        let mut when = of_effect(effect.id).value(":settled", AttributeValue::Bool(true));
        if !receipt.is_empty() {
            set.push_str(", effects.#id.outcome = :outcome");
            when = when.value(":outcome", text(receipt));
        }
        let key = decided_key(&effect.what.chat, &trigger.id);
        self.table.update(key, &set, when).await.map(drop)
    }
}

/// Holds while the decision is there: that of an erased chat may be gone.
fn of_effect(id: EffectId) -> Condition {
    Condition::expression("attribute_exists(effects.#id)").name_attribute("#id", id.to_string())
}
