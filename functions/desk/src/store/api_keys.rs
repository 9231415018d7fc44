//! API keys, and the pointers from their ids to their tenants.

use aws_sdk_dynamodb::types::AttributeValue;
use confab_aws::{Condition, Row, Table, WriteConflict, text};
use confab_core::{Error, Result, Timestamp};
use desk_domain::{ApiKeyId, ApiKeyRecord, Limit, LimitName, MAX_API_KEYS};

use super::{AuditEntry, Store, Tenant};
use crate::auth::TenantPointer;

/// Operators may allow a tenant more keys than its plan does.
const LISTED_KEYS: usize = MAX_API_KEYS * 4;

fn pointer_key(id: ApiKeyId) -> Row {
    Table::key(format!("K#{id}"), "KEY")
}

fn record_sk(id: ApiKeyId) -> String {
    format!("KEY#{id}")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyCreation {
    Created,
    LimitReached,
    /// The role of the member who acts was changed since it was read.
    Conflict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyDeletion {
    Deleted,
    NotFound,
    /// The role of the member who acts was changed since it was read.
    Conflict,
}

impl Store {
    /// Returns the tenant of a key. The key itself is still to be compared.
    pub(crate) async fn find_api_key(&self, id: ApiKeyId) -> Result<Option<TenantPointer>> {
        self.table.get(pointer_key(id)).await
    }
}

impl Tenant<'_> {
    pub(crate) async fn find_api_key(&self, id: ApiKeyId) -> Result<Option<ApiKeyRecord>> {
        self.get("", record_sk(id)).await
    }

    /// Lists the keys of the tenant, the oldest first.
    pub(crate) async fn list_api_keys(&self) -> Result<Vec<ApiKeyRecord>> {
        let keys = self.rows_with("", "KEY#");
        let rows = self.table().query_consistent(keys, LISTED_KEYS).await?;
        rows.into_iter().map(Table::from_row).collect()
    }

    /// Stores a new key with its pointer, unless the tenant has as many as the limit allows.
    pub(crate) async fn create_api_key(
        &self,
        record: &ApiKeyRecord,
        limit: &Limit,
        entry: &AuditEntry,
        now: Timestamp,
    ) -> Result<KeyCreation> {
        let tenant = TenantPointer { tenant: self.id() };
        let mut pointer = Table::to_row("", "", &tenant)?;
        pointer.extend(pointer_key(record.id));
        let row = self.row("", record_sk(record.id), record)?;
        let mut writes = vec![
            self.take_limit(limit, 1, now)?,
            self.table().transact_put(row, Condition::not_exists())?,
            self.table()
                .transact_put(pointer, Condition::not_exists())?,
            self.audit(entry, now)?,
        ];
        let check_index = writes.len();
        writes.extend(self.authority_check(entry, None)?);
        let Some(conflicts) = self.table().try_transact(writes).await? else {
            return Ok(KeyCreation::Created);
        };
        let failed = |index| conflicts.get(index) == Some(&WriteConflict::ConditionFailed);
        if failed(0) {
            Ok(KeyCreation::LimitReached)
        } else if failed(check_index) {
            Ok(KeyCreation::Conflict)
        } else {
            let told = format!("{}: {conflicts:?}", record.id);
            Err(Error::internal("api_key_not_stored", told))
        }
    }

    /// Deletes a key with its pointer. From then on no request finds it.
    pub(crate) async fn delete_api_key(
        &self,
        id: ApiKeyId,
        entry: &AuditEntry,
        now: Timestamp,
    ) -> Result<KeyDeletion> {
        let exists = Condition::expression("attribute_exists(pk)");
        let key = self.key("", record_sk(id));
        let mut writes = vec![
            self.table().transact_delete(key, exists)?,
            self.table()
                .transact_delete(pointer_key(id), Condition::none())?,
            self.release_limit(LimitName::ApiKeys, 1, now)?,
            self.audit(entry, now)?,
        ];
        writes.extend(self.authority_check(entry, None)?);
        let conflicts = self.table().try_transact(writes).await?;
        Ok(match conflicts {
            None => KeyDeletion::Deleted,
            Some(conflicts) if conflicts.first() == Some(&WriteConflict::ConditionFailed) => {
                KeyDeletion::NotFound
            }
            Some(_) => KeyDeletion::Conflict,
        })
    }

    /// Stores the last use of a key, unless the key was deleted meanwhile.
    pub(crate) async fn record_key_use(&self, used: &ApiKeyRecord) -> Result<()> {
        let Some(at) = used.last_used_at else {
            return Ok(());
        };
        let ip = used.last_ip.map(|ip| text(ip.to_string()));
        let exists = Condition::expression("attribute_exists(pk)")
            .value(":at", text(at.to_string()))
            .value(":ip", ip.unwrap_or(AttributeValue::Null(true)));
        let key = self.key("", record_sk(used.id));
        let set = "SET last_used_at = :at, last_ip = :ip";
        self.table().update(key, set, exists).await.map(drop)
    }
}
