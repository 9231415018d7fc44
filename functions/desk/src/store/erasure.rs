//! Deletes everything of a tenant, partition by partition. Each call goes on where the last one ended, because the rows
//! that lead to a partition are deleted after it.

use confab_aws::{Condition, Row, Table, text};
use confab_core::{Error, Result, Timestamp};
use desk_domain::{
    ApiKeyId, BotId, InboxPartition, LiveDeployment, Tenant as TenantRecord, UsageMonth,
};
use tokio::time::Instant;

use super::{
    Tenant,
    audit::part_of,
    contacts::{PEOPLE, VISITORS},
    tenants::TENANT,
};

const LIST_INDEX: &str = "ByList";
/// Rows of a partition that are deleted in one transaction.
const DELETE_BATCH: usize = 50;
/// Partitions that are looked up at once.
const LIST_BATCH: usize = 25;
const CONVERSATION_PREFIX: &str = "CONV#";
/// Partitions without anything that leads to others.
const PLAIN_PARTITIONS: [&str; 4] = ["LIVE", "USE", "RUN", "ONCE"];

impl Tenant<'_> {
    /// Deletes the rows of a tenant, its own row and slug last. Returns `false` when the deadline came first.
    pub(crate) async fn erase(
        &self,
        tenant: &TenantRecord,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<bool> {
        let is_over = self.erase_conversations(deadline).await?
            && self.erase_bots(deadline).await?
            && self.erase_audit(tenant.created_at, now, deadline).await?
            && self.erase_plain_partitions(deadline).await?
            && self.erase_own_partition(deadline).await?;
        if is_over {
            self.delete_tenant_rows(tenant).await?;
        }
        Ok(is_over)
    }

    /// Deletes contacts and conversations: those of listed contacts, and those in the inbox.
    async fn erase_conversations(&self, deadline: Instant) -> Result<bool> {
        for list in [PEOPLE, VISITORS] {
            if !self.erase_listed(list, deadline).await? {
                return Ok(false);
            }
        }
        let mut lists = vec![
            InboxPartition::Open(None),
            InboxPartition::Bot,
            InboxPartition::Snoozed,
            InboxPartition::Closed,
        ];
        for member in self.list_members(None, usize::MAX).await? {
            lists.push(InboxPartition::Open(Some(member.user)));
            lists.push(InboxPartition::Mentions(member.user));
        }
        for list in lists {
            if !self.erase_listed(&list.to_string(), deadline).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Deletes the partitions of the rows in a list. The index may show a row for a moment after it was deleted.
    async fn erase_listed(&self, list: &str, deadline: Instant) -> Result<bool> {
        while Instant::now() < deadline {
            let keys = Condition::expression("gpk = :list").value(":list", text(self.pk(list)));
            let rows = self
                .table()
                .query(Some(LIST_INDEX), keys, LIST_BATCH)
                .await?;
            if rows.is_empty() {
                return Ok(true);
            }
            for row in rows {
                let part = self.part_of_key(&row)?;
                if !self.erase_listed_part(&part, deadline).await? {
                    return Ok(false);
                }
            }
        }
        Ok(false)
    }

    /// Deletes a partition, and before its rows the conversations that they lead to.
    async fn erase_listed_part(&self, part: &str, deadline: Instant) -> Result<bool> {
        loop {
            let rows = self.rows_of(part).await?;
            for id in rows.iter().filter_map(conversation_of) {
                let conversation = format!("{CONVERSATION_PREFIX}{id}");
                if !self.erase_part(&conversation, deadline).await? {
                    return Ok(false);
                }
            }
            if rows.is_empty() {
                return self.erase_part(part, deadline).await;
            }
            self.delete_rows(&rows, Vec::new()).await?;
            if Instant::now() >= deadline {
                return Ok(false);
            }
        }
    }

    /// Deletes a partition and the removals of its sockets.
    async fn erase_part(&self, part: &str, deadline: Instant) -> Result<bool> {
        for part in [part, &format!("GONE#{part}")] {
            loop {
                let rows = self.rows_of(part).await?;
                if rows.is_empty() {
                    break;
                }
                self.delete_rows(&rows, Vec::new()).await?;
                if Instant::now() >= deadline {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    async fn erase_bots(&self, deadline: Instant) -> Result<bool> {
        let keys = self.rows_with("", "BOT#");
        let rows = self.table().query_consistent(keys, usize::MAX).await?;
        for row in rows {
            let id = Table::sort_key(&row).strip_prefix("BOT#");
            let id = id.and_then(|id| id.parse().ok());
            if let Some(id) = id
                && !self.erase_bot(id, deadline).await?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Deletes a bot's drafts and deployments, and the keys that lead to them.
    async fn erase_bot(&self, id: BotId, deadline: Instant) -> Result<bool> {
        let part = format!("BOT#{id}");
        let live: Option<LiveDeployment> = self.get(&part, "LIVE").await?;
        if let Some(live) = live {
            let retired = live.retired_keys.iter().map(|retired| &retired.key);
            for key in live.key.iter().chain(retired) {
                self.delete_pointer(Table::key(format!("D#{key}"), "BOT"))
                    .await?;
            }
        }
        self.erase_part(&part, deadline).await
    }

    /// Deletes the audit, month by month. It names the bots that were deleted, whose history is still there.
    async fn erase_audit(
        &self,
        created_at: Timestamp,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<bool> {
        let mut month = UsageMonth::of(created_at);
        while month <= UsageMonth::of(now) {
            if !self.erase_audit_of(month, deadline).await? {
                return Ok(false);
            }
            month = UsageMonth::of(month.ends_at());
        }
        Ok(true)
    }

    async fn erase_audit_of(&self, month: UsageMonth, deadline: Instant) -> Result<bool> {
        let part = part_of(month);
        loop {
            let rows = self.rows_of(&part).await?;
            if rows.is_empty() {
                return Ok(true);
            }
            let targets = rows.iter().filter_map(|row| row.get("target")?.as_s().ok());
            for bot in targets.filter_map(|target| target.parse().ok()) {
                if !self.erase_bot(bot, deadline).await? {
                    return Ok(false);
                }
            }
            self.delete_rows(&rows, Vec::new()).await?;
            if Instant::now() >= deadline {
                return Ok(false);
            }
        }
    }

    async fn erase_plain_partitions(&self, deadline: Instant) -> Result<bool> {
        for part in PLAIN_PARTITIONS {
            if !self.erase_part(part, deadline).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Deletes the settings, members and keys of a tenant, and everything that points to it.
    async fn erase_own_partition(&self, deadline: Instant) -> Result<bool> {
        self.erase_members().await?;
        for others in ["pk = :pk AND sk < :tenant", "pk = :pk AND sk > :tenant"] {
            loop {
                let keys = Condition::expression(others)
                    .value(":pk", text(self.pk("")))
                    .value(":tenant", text(TENANT));
                let rows = self.table().query_consistent(keys, DELETE_BATCH).await?;
                if rows.is_empty() {
                    break;
                }
                let pointers = rows.iter().filter_map(|row| {
                    let id = Table::sort_key(row).strip_prefix("KEY#")?;
                    let id: ApiKeyId = id.parse().ok()?;
                    Some(Table::key(format!("K#{id}"), "KEY"))
                });
                self.delete_rows(&rows, pointers.collect()).await?;
                if Instant::now() >= deadline {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Deletes members, each together with the person's pointer to the tenant.
    async fn erase_members(&self) -> Result<()> {
        for member in self.list_members(None, usize::MAX).await? {
            let people = self.store.people_by_id(&[member.user]).await?;
            let key = self.key("", format!("MEMBER#{}", member.user));
            let table = self.table();
            let mut writes = vec![table.transact_delete(key, Condition::none())?];
            if let Some(person) = people.get(&member.user) {
                let left = person.clone().leave(self.id());
                writes.push(self.store.person_write(&left, person.version)?);
            }
            if table.try_transact(writes).await?.is_some() {
                return Err(Error::unavailable(
                    "contended",
                    "a person changed while their membership was erased",
                ));
            }
        }
        Ok(())
    }

    /// Returns the part of the tenant that an index row belongs to.
    fn part_of_key(&self, row: &Row) -> Result<String> {
        let (pk, own) = (Table::partition(row), self.pk(""));
        let part = pk
            .strip_prefix(&own)
            .and_then(|rest| rest.strip_prefix('#'));
        let part = part.map(str::to_owned);
        part.ok_or_else(|| Error::internal("foreign_partition", pk))
    }

    async fn rows_of(&self, part: &str) -> Result<Vec<Row>> {
        let keys = Condition::expression("pk = :pk").value(":pk", text(self.pk(part)));
        self.table().query_consistent(keys, DELETE_BATCH).await
    }

    /// Deletes rows and pointers in one transaction.
    async fn delete_rows(&self, rows: &[Row], pointers: Vec<Row>) -> Result<()> {
        let table = self.table();
        let keys = rows.iter().map(Table::key_of).chain(pointers);
        let deletes = keys.map(|key| table.transact_delete(key, Condition::none()));
        table.transact(deletes.collect::<Result<_>>()?).await?;
        Ok(())
    }

    /// Deletes a global row, if it points to this tenant.
    async fn delete_pointer(&self, key: Row) -> Result<()> {
        let is_own =
            Condition::expression("tenant = :tenant").value(":tenant", text(self.id().to_string()));
        let delete = self.table().transact_delete(key, is_own)?;
        self.table().transact(vec![delete]).await?;
        Ok(())
    }
}

/// Returns the id of the conversation that a row of a contact leads to.
fn conversation_of(row: &Row) -> Option<&str> {
    Table::sort_key(row).strip_prefix(CONVERSATION_PREFIX)
}
