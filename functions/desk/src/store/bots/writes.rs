//! Changes of bots. Each is one transaction under the version of the draft that was read, so that a deleted bot is never
//! deployed.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Table, WriteConflict, text};
use confab_core::{Error, Result, Timestamp};
use confab_worker::SaveOutcome;
use desk_domain::{Bot, BotId, DeployOutcome, IdentitySecrets, LiveDeployment};

use super::{
    BotSummary, DRAFT, IDENTITY, KEY, KeyRow, LIVE, bot_part, deployment_sk, hash_sk, key_key,
    key_pk, keys_of, summary_sk,
};
use crate::store::{AuditEntry, Tenant, to_attribute};

/// How the creation of a bot ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BotCreation {
    Created,
    /// The bot was created before, by an attempt whose answer was lost.
    Exists,
    LimitReached,
}

impl Tenant<'_> {
    /// Creates a bot together with what it takes of the tenant's limit.
    pub(crate) async fn create_bot(
        &self,
        bot: &Bot,
        limit: TransactWriteItem,
        audit: TransactWriteItem,
    ) -> Result<BotCreation> {
        let summary = BotSummary {
            id: bot.id,
            name: bot.settings.name.clone(),
            created_at: bot.created_at,
            updated_at: bot.updated_at,
            live_number: None,
        };
        let table = self.table();
        let writes = vec![
            self.draft_write(bot, 0)?,
            table.transact_put(
                self.row("", summary_sk(bot.id), &summary)?,
                Condition::not_exists(),
            )?,
            limit,
            audit,
        ];
        let is_taken =
            |conflict: Option<&WriteConflict>| conflict == Some(&WriteConflict::ConditionFailed);
        Ok(match table.try_transact(writes).await? {
            None => BotCreation::Created,
            Some(conflicts) if is_taken(conflicts.first()) => BotCreation::Exists,
            Some(conflicts) if is_taken(conflicts.get(2)) => BotCreation::LimitReached,
            Some(conflicts) => {
                let conflicts = format!("{conflicts:?}");
                return Err(Error::internal("bot_not_created", conflicts));
            }
        })
    }

    /// Writes a changed draft, if the version that was read is still the current one.
    pub(crate) async fn save_bot(
        &self,
        bot: &Bot,
        version: u64,
        audit: TransactWriteItem,
    ) -> Result<SaveOutcome> {
        let summary = Condition::expression("attribute_exists(pk)")
            .name_attribute("#name", "name")
            .value(":name", text(bot.settings.name.as_str()))
            .value(":at", to_attribute(&bot.updated_at)?);
        let key = self.key("", summary_sk(bot.id));
        let set = "SET #name = :name, updated_at = :at";
        let writes = vec![
            self.draft_write(bot, version)?,
            self.table().transact_update(key, set, summary)?,
            audit,
        ];
        self.table().transact(writes).await
    }

    /// Writes a deployment, and makes it the one that visitors meet.
    pub(crate) async fn save_deployment(
        &self,
        bot: &Bot,
        before: Option<&LiveDeployment>,
        outcome: &DeployOutcome,
        audit: TransactWriteItem,
    ) -> Result<SaveOutcome> {
        let mut writes = self.live_writes(bot, before, &outcome.live)?;
        if let Some(deployment) = &outcome.created {
            let part = bot_part(bot.id);
            let row = self.row(&part, deployment_sk(deployment.number), deployment)?;
            let hash = hash_sk(&deployment.content_hash);
            let by_hash = self.row(&part, hash, &deployment.summary())?;
            let table = self.table();
            writes.push(table.transact_put(row, Condition::not_exists())?);
            writes.push(table.transact_put(by_hash, Condition::not_exists())?);
        }
        writes.push(audit);
        self.table().transact(writes).await
    }

    /// Makes an earlier deployment the one that visitors meet.
    pub(crate) async fn save_live(
        &self,
        bot: &Bot,
        before: &LiveDeployment,
        live: &LiveDeployment,
        audit: TransactWriteItem,
    ) -> Result<SaveOutcome> {
        let mut writes = self.live_writes(bot, Some(before), live)?;
        writes.push(audit);
        self.table().transact(writes).await
    }

    /// Marks a bot as deleted, with its keys and its place in lists, and gives back what it took of the limit.
    pub(crate) async fn delete_bot(
        &self,
        deleted: &Bot,
        version: u64,
        live: Option<&LiveDeployment>,
        release: TransactWriteItem,
        audit: TransactWriteItem,
    ) -> Result<SaveOutcome> {
        let table = self.table();
        let summary = self.key("", summary_sk(deleted.id));
        let mut writes = vec![
            self.draft_write(deleted, version)?,
            table.transact_delete(summary, Condition::none())?,
            release,
            audit,
        ];
        if let Some(before) = live {
            let after = before.without_keys();
            writes.push(self.live_write(deleted.id, Some(before), &after)?);
            writes.extend(self.key_writes(deleted.id, Some(before), &after)?);
        }
        table.transact(writes).await
    }

    /// Writes the next generation of a bot's identity secret.
    pub(crate) async fn save_identity_secrets(
        &self,
        bot: &Bot,
        secrets: &IdentitySecrets,
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let row = self.row(bot_part(bot.id), IDENTITY, secrets)?;
        let unchanged = Condition::version(secrets.version.saturating_sub(1));
        let mut writes = vec![
            self.draft_check(bot)?,
            self.table().transact_put(row, unchanged)?,
            self.audit(audit, now)?,
        ];
        writes.extend(self.authority_check(audit, None)?);
        self.table().transact(writes).await
    }

    fn draft_write(&self, bot: &Bot, version: u64) -> Result<TransactWriteItem> {
        let row = self.row(bot_part(bot.id), DRAFT, bot)?;
        self.table().transact_put(row, Condition::version(version))
    }

    /// Requires the draft to be the one that was read.
    fn draft_check(&self, bot: &Bot) -> Result<TransactWriteItem> {
        let key = self.key(bot_part(bot.id), DRAFT);
        self.table()
            .transact_check(key, Condition::version(bot.version))
    }

    /// The parts of a transaction that changes what visitors meet.
    fn live_writes(
        &self,
        bot: &Bot,
        before: Option<&LiveDeployment>,
        live: &LiveDeployment,
    ) -> Result<Vec<TransactWriteItem>> {
        let exists = Condition::expression("attribute_exists(pk)")
            .value(":number", to_attribute(&live.number)?);
        let summary = self.key("", summary_sk(bot.id));
        let set = "SET live_number = :number";
        let mut writes = vec![
            self.draft_check(bot)?,
            self.live_write(bot.id, before, live)?,
            self.table().transact_update(summary, set, exists)?,
        ];
        writes.extend(self.key_writes(bot.id, before, live)?);
        Ok(writes)
    }

    fn live_write(
        &self,
        bot: BotId,
        before: Option<&LiveDeployment>,
        live: &LiveDeployment,
    ) -> Result<TransactWriteItem> {
        let row = self.row(bot_part(bot), LIVE, live)?;
        let unchanged = Condition::version(before.map_or(0, |before| before.version));
        self.table().transact_put(row, unchanged)
    }

    /// Makes the rows of keys those that lead to a deployment.
    fn key_writes(
        &self,
        bot: BotId,
        before: Option<&LiveDeployment>,
        live: &LiveDeployment,
    ) -> Result<Vec<TransactWriteItem>> {
        let known = before.map(keys_of).unwrap_or_default();
        let wanted = keys_of(live);
        let mut writes = Vec::new();
        for (key, ends_at) in &wanted {
            if known.get(key) == Some(ends_at) {
                continue;
            }
            let pointer = KeyRow {
                tenant: self.id(),
                bot,
                expires_at: ends_at.map(Timestamp::as_second),
            };
            let row = Table::to_row(key_pk(key), KEY, &pointer)?;
            let when = if known.contains_key(key) {
                Condition::none()
            } else {
                Condition::not_exists()
            };
            writes.push(self.table().transact_put(row, when)?);
        }
        for key in known.keys().filter(|key| !wanted.contains_key(*key)) {
            let delete = self
                .table()
                .transact_delete(key_key(key), Condition::none())?;
            writes.push(delete);
        }
        Ok(writes)
    }
}
