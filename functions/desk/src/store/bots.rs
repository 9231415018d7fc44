//! Bots: their drafts, deployments and keys.

mod writes;

use std::collections::{BTreeMap, BTreeSet};

use confab_aws::{Condition, Row, Table, text};
use confab_core::{Error, Result, TenantId, Timestamp};
use confab_worker::Consistency;
use desk_domain::{
    Bot, BotId, Deployment, DeploymentKey, DeploymentSummary, IdentitySecrets, LiveDeployment,
};
use serde::{Deserialize, Serialize};

use super::{Store, Tenant};
use crate::auth::TenantPointer;

pub(crate) use writes::BotCreation;

const SUMMARY_PREFIX: &str = "BOT#";
const DRAFT: &str = "DRAFT";
const LIVE: &str = "LIVE";
const IDENTITY: &str = "IDENTITY";
const KEY: &str = "BOT";
const DEPLOYMENT_PREFIX: &str = "DEPLOY#";
/// After every id in a sort key.
const LAST: char = '~';

/// A bot in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct BotSummary {
    pub(crate) id: BotId,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// The number of the deployment that visitors meet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub(crate) live_number: Option<u32>,
}

/// Where a deployment key leads.
#[derive(Serialize, Deserialize)]
struct KeyRow {
    tenant: TenantId,
    bot: BotId,
    /// For TTL, in Unix seconds: when a retired key ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

fn bot_part(id: BotId) -> String {
    format!("BOT#{id}")
}

fn summary_sk(id: BotId) -> String {
    format!("{SUMMARY_PREFIX}{id}")
}

fn deployment_sk(number: u32) -> String {
    format!("{DEPLOYMENT_PREFIX}{number:010}")
}

fn hash_sk(content_hash: &str) -> String {
    format!("HASH#{content_hash}")
}

fn key_pk(key: &DeploymentKey) -> String {
    format!("D#{key}")
}

fn key_key(key: &DeploymentKey) -> Row {
    Table::key(key_pk(key), KEY)
}

/// Returns the keys that lead to a deployment, and when each ends.
fn keys_of(live: &LiveDeployment) -> BTreeMap<&DeploymentKey, Option<Timestamp>> {
    let current = live.key.iter().map(|key| (key, None));
    let retired = live.retired_keys.iter();
    let retired = retired.map(|retired| (&retired.key, Some(retired.valid_until)));
    retired.chain(current).collect()
}

impl Store {
    /// Returns where a deployment key leads. `LiveDeployment::accepts` says whether it is still valid.
    pub(crate) async fn find_deployment_key(
        &self,
        key: &DeploymentKey,
    ) -> Result<Option<(TenantPointer, BotId)>> {
        let row: Option<KeyRow> = self.table.get(key_key(key)).await?;
        Ok(row.map(|row| (TenantPointer { tenant: row.tenant }, row.bot)))
    }
}

impl Tenant<'_> {
    /// Returns a bot that is not deleted.
    pub(crate) async fn find_bot(&self, id: BotId) -> Result<Option<Bot>> {
        let bot = self.find_bot_even_deleted(id).await?;
        Ok(bot.filter(|bot| bot.deleted_at.is_none()))
    }

    pub(crate) async fn require_bot(&self, id: BotId) -> Result<Bot> {
        let bot = self.find_bot(id).await?;
        bot.ok_or_else(|| Error::not_found("chatbot"))
    }

    pub(crate) async fn find_bot_even_deleted(&self, id: BotId) -> Result<Option<Bot>> {
        self.get(bot_part(id), DRAFT).await
    }

    /// Lists bots by their ids, which are in the order of their creation.
    pub(crate) async fn list_bots(
        &self,
        after: Option<BotId>,
        most: usize,
    ) -> Result<Vec<BotSummary>> {
        let first = match after {
            Some(id) => format!("{}{LAST}", summary_sk(id)),
            None => SUMMARY_PREFIX.to_owned(),
        };
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :first AND :last")
            .value(":pk", text(self.pk("")))
            .value(":first", text(first))
            .value(":last", text(format!("{SUMMARY_PREFIX}{LAST}")));
        let rows = self.table().query_consistent(keys, most).await?;
        rows.into_iter().map(Table::from_row).collect()
    }

    /// Reads the summaries of up to a hundred bots, by their ids.
    pub(crate) async fn find_bot_summaries(
        &self,
        ids: &BTreeSet<BotId>,
    ) -> Result<Vec<BotSummary>> {
        let keys = ids.iter().map(|id| self.key("", summary_sk(*id))).collect();
        let rows = self.table().batch_get(keys, Consistency::Strong).await?;
        let bots: Result<Vec<BotSummary>> = rows.into_iter().map(Table::from_row).collect();
        let mut bots = bots?;
        bots.sort_by_key(|bot| bot.id);
        Ok(bots)
    }

    pub(crate) async fn find_live_row(&self, bot: BotId) -> Result<Option<LiveDeployment>> {
        self.get(bot_part(bot), LIVE).await
    }

    pub(crate) async fn find_deployment(
        &self,
        bot: BotId,
        number: u32,
    ) -> Result<Option<Deployment>> {
        self.get(bot_part(bot), deployment_sk(number)).await
    }

    /// Reads a deployment that another row names.
    pub(crate) async fn require_deployment(&self, bot: BotId, number: u32) -> Result<Deployment> {
        let deployment = self.find_deployment(bot, number).await?;
        deployment.ok_or_else(|| {
            Error::internal(
                "deployment_missing",
                format!("{bot} has no number {number}"),
            )
        })
    }

    /// Returns the deployment with the same content, if there is one.
    pub(crate) async fn find_deployment_by_hash(
        &self,
        bot: BotId,
        content_hash: &str,
    ) -> Result<Option<DeploymentSummary>> {
        self.get(bot_part(bot), hash_sk(content_hash)).await
    }

    /// Lists deployments below a number, the latest first. Large ones make a page shorter.
    pub(crate) async fn list_deployments(
        &self,
        bot: BotId,
        before: Option<u32>,
        most: u16,
    ) -> Result<Vec<DeploymentSummary>> {
        let last = match before {
            Some(0 | 1) => return Ok(Vec::new()),
            Some(number) => deployment_sk(number - 1),
            None => format!("{DEPLOYMENT_PREFIX}{LAST}"),
        };
        let keys = Condition::expression("pk = :pk AND sk BETWEEN :first AND :last")
            .value(":pk", text(self.pk(bot_part(bot))))
            .value(":first", text(deployment_sk(1)))
            .value(":last", text(last));
        let rows = self
            .table()
            .query_descending(keys, most.into(), Consistency::Strong)
            .await?;
        rows.into_iter().map(Table::from_row).collect()
    }

    pub(crate) async fn find_identity_secrets(
        &self,
        bot: BotId,
    ) -> Result<Option<IdentitySecrets>> {
        self.get(bot_part(bot), IDENTITY).await
    }
}

#[cfg(test)]
mod tests {
    use desk_domain::RetiredKey;

    use super::*;

    #[test]
    fn keys_of_a_deployment_end_when_they_are_retired() {
        let key = |number: u8| DeploymentKey::new(&move || [number; 10]);
        let live = LiveDeployment {
            number: 1,
            last_number: 1,
            key: Some(key(2)),
            retired_keys: vec![RetiredKey {
                key: key(1),
                valid_until: Timestamp::UNIX_EPOCH,
            }],
            version: 2,
        };
        let expected = [(key(1), Some(Timestamp::UNIX_EPOCH)), (key(2), None)];
        let keys = keys_of(&live);
        let keys: Vec<_> = keys
            .iter()
            .map(|(key, end)| ((*key).clone(), *end))
            .collect();
        assert_eq!(keys, expected);
        assert!(keys_of(&live.without_keys()).is_empty());
    }

    #[test]
    fn deployments_are_sorted_by_number() {
        assert!(deployment_sk(9) < deployment_sk(10));
        assert!(deployment_sk(u32::MAX) < format!("{DEPLOYMENT_PREFIX}{LAST}"));
    }
}
