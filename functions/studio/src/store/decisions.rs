//! Decisions of the conversation's worker: saved in one transaction with their effects and inbox
//! entry.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Inbox, Table};
use confab_core::{CorrelationId, Error, MessageId, Result, Timestamp, UserId};
use confab_messaging::{Address, Content, Inbound};
use confab_worker::{Consistency, DecisionStore, Effect, EffectOutcome, InboxState, SaveOutcome};
use serde::Serialize;
use studio_domain::{Action, AliasTarget, AliasUpdate, Trigger, aliases};

use super::{
    Store, UserAction, UserRecord, UserRow, UserTrigger, alias_key, alias_pk, message_expiry,
    message_sk, user_pk, users::has_target,
};

#[derive(Serialize)]
struct MessageRow<'a> {
    direction: &'static str,
    id: MessageId,
    provider_id: &'a str,
    correlation_id: CorrelationId,
    from: &'a Address,
    sent_at: Timestamp,
    content: &'a Content,
    expires_at: i64,
}

/// An alias is changed only while it has the target that was read.
fn is_unchanged(update: &AliasUpdate) -> Condition {
    update
        .previous
        .as_ref()
        .map_or_else(Condition::not_exists, has_target)
}

impl Store {
    fn put_user(&self, row: &UserRow) -> Result<TransactWriteItem> {
        let next = UserRow {
            version: row.version + 1,
            ..row.clone()
        };
        self.table.transact_put(
            Table::to_row(user_pk(row.user.id), "USER", &next)?,
            Condition::version(row.version),
        )
    }

    fn put_alias(&self, update: &AliasUpdate, user_id: UserId) -> Result<TransactWriteItem> {
        let target = AliasTarget {
            user_id,
            scoped_id: update.scoped_id.clone(),
        };
        let row = Table::to_row(alias_pk(&update.alias), "ALIAS", &target)?;
        self.table.transact_put(row, is_unchanged(update))
    }

    fn put_message(
        &self,
        message: &Inbound,
        correlation_id: CorrelationId,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<TransactWriteItem> {
        let id = MessageId::new(now, &*self.entropy);
        let row = MessageRow {
            direction: "in",
            id,
            provider_id: &message.id,
            correlation_id,
            from: &message.from,
            sent_at: message.sent_at,
            content: &message.content,
            expires_at: message_expiry(now),
        };
        self.table.transact_put(
            Table::to_row(user_pk(user_id), message_sk(now, id), &row)?,
            Condition::none(),
        )
    }

    /// Writes the user's row and those of merged ids.
    fn put_users(&self, record: &UserRecord, id: UserId) -> Result<Vec<TransactWriteItem>> {
        let mut writes = Vec::new();
        if let Some(user) = &record.user {
            let mut row = UserRow::new(record, user);
            let updates = &record.identity.alias_updates;
            row.alias_keys
                .extend(updates.iter().map(|update| alias_pk(&update.alias)));
            writes.push(self.put_user(&row)?);
        }
        for other in &record.merged_rows {
            writes.push(self.put_user(&other.merged_into(id))?);
        }
        Ok(writes)
    }

    /// Writes the changes of aliases, or deletes all aliases of an erased user, so that a later
    /// message creates a new one.
    fn write_aliases(
        &self,
        message: Option<&Inbound>,
        record: &UserRecord,
        id: UserId,
        is_erased: bool,
    ) -> Result<Vec<TransactWriteItem>> {
        let mut writes = Vec::new();
        let updates = &record.identity.alias_updates;
        match message {
            Some(message) if is_erased => {
                for alias in aliases(message) {
                    let update = updates.iter().find(|update| update.alias == alias);
                    let current = AliasTarget {
                        user_id: id,
                        scoped_id: None,
                    };
                    let condition = update.map_or_else(|| has_target(&current), is_unchanged);
                    writes.push(self.table.transact_delete(alias_key(&alias), condition)?);
                }
            }
            _ => {
                for update in updates {
                    writes.push(self.put_alias(update, id)?);
                }
            }
        }
        if let Some((alias, target)) = &record.identity.released_alias {
            let condition = has_target(target);
            writes.push(self.table.transact_delete(alias_key(alias), condition)?);
        }
        Ok(writes)
    }
}

impl DecisionStore<UserTrigger> for Store {
    type State = UserRecord;
    type Effect = UserAction;

    async fn open(
        &self,
        trigger: &UserTrigger,
        consistency: Consistency,
    ) -> Result<InboxState<UserRecord, UserAction>> {
        match (&trigger.trigger, trigger.user_id) {
            (Trigger::MessageReceived { message }, _) => {
                self.open_message(trigger, message, consistency).await
            }
            (_, Some(id)) => self.open_user(trigger, id, consistency).await,
            (_, None) => Err(Error::internal("event_without_user", trigger.id.clone())),
        }
    }

    async fn save(
        &self,
        trigger: &UserTrigger,
        record: &UserRecord,
        effects: &[Effect<UserAction>],
        lease_until: Timestamp,
    ) -> Result<SaveOutcome> {
        let user_id = record.user.as_ref().map(|user| user.id);
        let Some(id) = user_id.or(record.id()) else {
            return Err(Error::internal("undecided", "a decision needs a user"));
        };
        let now = self.clock.now();
        let message = match &trigger.trigger {
            Trigger::MessageReceived { message } => Some(message),
            _ => None,
        };
        let is_erased = effects
            .iter()
            .any(|effect| matches!(effect.what.action, Action::EraseUser { .. }));
        let effect_ids = effects.iter().map(|effect| effect.id).collect();
        let inbox = Inbox::new(id.to_string(), effect_ids, lease_until, now);
        let mut writes = vec![inbox.claim(&self.table, &trigger.id, now)?];
        writes.extend(self.put_users(record, id)?);
        if let Some(message) = message {
            writes.push(self.put_message(message, trigger.correlation_id, id, now)?);
        }
        writes.extend(self.write_aliases(message, record, id, is_erased)?);
        for effect in effects {
            writes.push(self.put_effect(effect, now)?);
        }
        let outcome = self.table.transact(writes).await?;
        if let Some(message) = message
            && outcome == SaveOutcome::Saved
            && !is_erased
        {
            self.alias_cache.insert(aliases(message), id);
        }
        Ok(outcome)
    }

    async fn move_lease(
        &self,
        trigger: &UserTrigger,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        Inbox::move_lease(&self.table, &trigger.id, from, until).await
    }

    async fn settle(
        &self,
        _: &UserTrigger,
        effect: &Effect<UserAction>,
        outcome: &EffectOutcome,
    ) -> Result<()> {
        self.settle_effect(effect, outcome).await
    }
}
