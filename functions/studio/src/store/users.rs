//! Users and their aliases: loading them for a decision, and erasing them.

use std::{collections::HashMap, iter};

use confab_aws::{Condition, Inbox, Row, Table, text};
use confab_core::{OrderId, Result, Timestamp, UserId};
use confab_messaging::Inbound;
use confab_worker::{Consistency, Effect, InboxState};
use studio_domain::{AliasTarget, ResolvedIdentity, User, aliases, resolve_identity};

use super::{
    Store, UserAction, UserRecord, UserRow, UserTrigger, alias_key, alias_pk, user_key, user_pk,
};

/// Maximum merges to follow from one id: a longer chain is a loop.
const MAX_MERGES: usize = 20;
/// Rows of a user that are deleted per query.
const DELETE_BATCH: usize = 200;

/// The saved decision of a trigger, or else the rows that were read, by their partitions.
enum InboxRead {
    Decided {
        effects: Vec<Effect<UserAction>>,
        lease_until: Timestamp,
    },
    New(HashMap<String, Row>),
}

/// Whether an alias still has the target that was read.
pub(super) fn has_target(target: &AliasTarget) -> Condition {
    Condition::expression("user_id = :was").value(":was", text(target.user_id.to_string()))
}

impl Store {
    /// Reads rows together with the trigger's inbox entry.
    async fn read(
        &self,
        trigger: &UserTrigger,
        keys: Vec<Row>,
        consistency: Consistency,
    ) -> Result<InboxRead> {
        let inbox_key = Inbox::key(&trigger.id);
        let keys = keys.into_iter().chain([inbox_key.clone()]).collect();
        let rows = self.table.batch_get(keys, consistency).await?;
        let mut rows: HashMap<_, _> = rows
            .into_iter()
            .map(|row| (Table::partition(&row), row))
            .collect();
        if let Some(row) = rows.remove(&Table::partition(&inbox_key))
            && let Some(inbox) = Inbox::read(row, self.clock.now())?
        {
            return Ok(InboxRead::Decided {
                effects: self.effects_of(&inbox).await?,
                lease_until: inbox.lease_until(),
            });
        }
        Ok(InboxRead::New(rows))
    }

    /// Loads the sender of a message by their aliases.
    pub(super) async fn open_message(
        &self,
        trigger: &UserTrigger,
        message: &Inbound,
        consistency: Consistency,
    ) -> Result<InboxState<UserRecord, UserAction>> {
        let aliases = aliases(message);
        let cached = self.alias_cache.get(&aliases).map(user_key);
        let keys = aliases.iter().map(alias_key).chain(cached).collect();
        let mut rows = match self.read(trigger, keys, consistency).await? {
            InboxRead::New(rows) => rows,
            InboxRead::Decided {
                effects,
                lease_until,
            } => {
                return Ok(InboxState::Decided {
                    effects,
                    lease_until,
                });
            }
        };
        let mut targets = HashMap::new();
        for alias in aliases {
            if let Some(row) = rows.remove(&alias_pk(&alias)) {
                targets.insert(alias, Table::from_row::<AliasTarget>(row)?);
            }
        }
        let mut users = HashMap::new();
        for row in rows.into_values() {
            let row: UserRow = Table::from_row(row)?;
            users.insert(row.user.id, Some(row));
        }
        // Each read row may lead to another id by a merge, so the identity is resolved until no id
        // is unread.
        let identity = loop {
            let merged_id = |id| merged_id(&users, id);
            let identity =
                resolve_identity(message, |alias| targets.get(alias).cloned(), merged_id);
            let mut ids = identity.user_id.iter().chain(&identity.duplicates);
            let Some(unread) = ids.find(|id| !users.contains_key(*id)).copied() else {
                break identity;
            };
            users.insert(unread, self.table.get(user_key(unread)).await?);
        };
        Ok(InboxState::New(merged_record(identity, users)))
    }

    /// Loads a user by id.
    pub(super) async fn open_user(
        &self,
        trigger: &UserTrigger,
        id: UserId,
        consistency: Consistency,
    ) -> Result<InboxState<UserRecord, UserAction>> {
        let rows = match self.read(trigger, vec![user_key(id)], consistency).await? {
            InboxRead::New(rows) => rows,
            InboxRead::Decided {
                effects,
                lease_until,
            } => {
                return Ok(InboxState::Decided {
                    effects,
                    lease_until,
                });
            }
        };
        let row = rows.into_values().next();
        let row = row.map(Table::from_row::<UserRow>).transpose()?;
        let row = match row.filter(|row| row.merged_into.is_none()) {
            Some(row) => Some(row),
            // Merged, erased or a stale read.
            None => self.current_row(id).await?,
        };
        let identity = ResolvedIdentity {
            user_id: Some(row.as_ref().map_or(id, |row| row.user.id)),
            ..ResolvedIdentity::default()
        };
        Ok(InboxState::New(record(identity, row, Vec::new())))
    }

    /// Reads the row that a user has now, following merges.
    pub(super) async fn current_row(&self, id: UserId) -> Result<Option<UserRow>> {
        let mut row: Option<UserRow> = self.table.get(user_key(id)).await?;
        for _ in 0..MAX_MERGES {
            let Some(id) = row.as_ref().and_then(|row| row.merged_into) else {
                break;
            };
            row = self.table.get(user_key(id)).await?;
        }
        Ok(row)
    }

    /// Returns the user that the trigger was decided for.
    pub(crate) async fn inbox_owner(&self, trigger: &UserTrigger) -> Result<Option<UserId>> {
        let inbox: Option<Inbox> = self.table.get(Inbox::key(&trigger.id)).await?;
        Ok(inbox.and_then(|inbox| inbox.owner.parse().ok()))
    }

    /// Returns the former ids of a user, and then the user's own.
    pub(crate) async fn all_ids_of(&self, user_id: UserId) -> Result<Vec<UserId>> {
        let row: Option<UserRow> = self.table.get(user_key(user_id)).await?;
        let former_ids = row.into_iter().flat_map(|row| row.former_ids);
        Ok(former_ids.chain([user_id]).collect())
    }

    /// Deletes all rows of a user. The user's own row goes last, because it lists the others.
    pub(crate) async fn delete_user(&self, user_id: UserId, orders: &[OrderId]) -> Result<()> {
        let row: Option<UserRow> = self.table.get(user_key(user_id)).await?;
        for alias in row.iter().flat_map(|row| &row.alias_keys) {
            self.delete_alias(alias, user_id).await?;
        }
        for order in orders {
            self.delete_order(*order).await?;
        }
        self.delete_questions(user_id).await?;
        self.delete_messages(user_id).await?;
        self.table.delete(user_key(user_id)).await
    }

    /// Deletes an alias, unless it has passed on to another user.
    async fn delete_alias(&self, alias: &str, user_id: UserId) -> Result<()> {
        let target = AliasTarget {
            user_id,
            scoped_id: None,
        };
        let key = Table::key(alias, "ALIAS");
        let delete = self.table.transact_delete(key, has_target(&target))?;
        self.table.transact(vec![delete]).await.map(drop)
    }

    async fn delete_messages(&self, user_id: UserId) -> Result<()> {
        let messages = Condition::expression("pk = :pk AND begins_with(sk, :message)")
            .value(":pk", text(user_pk(user_id)))
            .value(":message", text("MSG#"));
        loop {
            let rows = self
                .table
                .query(None, messages.clone(), DELETE_BATCH)
                .await?;
            let is_last = rows.len() < DELETE_BATCH;
            for row in rows {
                self.table.delete(Table::key_of(&row)).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }
}

/// Returns the id that an id was merged into. Merges lead to older ids.
fn merged_id(users: &HashMap<UserId, Option<UserRow>>, id: UserId) -> UserId {
    let merged_into = |id: &UserId| users.get(id)?.as_ref()?.merged_into;
    iter::successors(Some(id), merged_into)
        .take(MAX_MERGES)
        .last()
        .unwrap_or(id)
}

/// Merges the rows of all ids of the identity into one record.
fn merged_record(
    identity: ResolvedIdentity,
    mut users: HashMap<UserId, Option<UserRow>>,
) -> UserRecord {
    let mut take = |id: &UserId| users.remove(id).flatten();
    let row = identity.user_id.as_ref().and_then(&mut take);
    let merged_rows = identity.duplicates.iter().filter_map(take).collect();
    record(identity, row, merged_rows)
}

fn record(
    identity: ResolvedIdentity,
    row: Option<UserRow>,
    merged_rows: Vec<UserRow>,
) -> UserRecord {
    let version = row.as_ref().map_or(0, |row| row.version);
    let (mut alias_keys, mut former_ids) = row
        .as_ref()
        .map(|row| (row.alias_keys.clone(), row.former_ids.clone()))
        .unwrap_or_default();
    let mut user = row.map(|row| row.user);
    for row in &merged_rows {
        alias_keys.extend(row.alias_keys.clone());
        former_ids.extend(row.former_ids.clone());
        former_ids.insert(row.user.id);
        let other = row.user.clone();
        user = match user {
            Some(user) => Some(user.merged_with(other)),
            None => identity.user_id.map(|id| User { id, ..other }),
        };
    }
    UserRecord {
        user,
        version,
        alias_keys,
        former_ids,
        identity,
        merged_rows,
    }
}
