//! The keys of a tenant's rows.

use std::fmt;

use confab_aws::{Condition, Row, Table, text};
use confab_core::{Result, TenantId};
use serde::{Serialize, de::DeserializeOwned};

use super::Store;
use crate::auth::TenantGrant;

/// The rows of one tenant: the only way to a key that begins with `T#`.
#[derive(Clone, Copy)]
pub(crate) struct Tenant<'a> {
    pub(super) store: &'a Store,
    grant: TenantGrant,
}

impl fmt::Debug for Tenant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenant({})", self.id())
    }
}

impl<'a> Tenant<'a> {
    pub(super) fn new(store: &'a Store, grant: TenantGrant) -> Self {
        Self { store, grant }
    }

    pub(crate) fn id(&self) -> TenantId {
        self.grant.id()
    }

    pub(super) fn table(&self) -> &'a Table {
        &self.store.table
    }

    /// Returns a partition key: that of the tenant itself, or with a part such as `BOT#bot_..` that of something it has.
    pub(super) fn pk(&self, part: impl fmt::Display) -> String {
        partition(self.id(), part)
    }

    pub(super) fn key(&self, part: impl fmt::Display, sk: impl Into<String>) -> Row {
        Table::key(self.pk(part), sk)
    }

    /// Renders a value as a row of the tenant.
    pub(super) fn row<T: Serialize>(
        &self,
        part: impl fmt::Display,
        sk: impl Into<String>,
        value: &T,
    ) -> Result<Row> {
        Table::to_row(self.pk(part), sk, value)
    }

    /// Reads one row, strongly consistent.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        part: impl fmt::Display,
        sk: impl Into<String>,
    ) -> Result<Option<T>> {
        self.table().get(self.key(part, sk)).await
    }

    /// The key condition of the rows whose sort keys have a prefix.
    pub(super) fn rows_with(&self, part: impl fmt::Display, prefix: &str) -> Condition {
        Condition::expression("pk = :pk AND begins_with(sk, :prefix)")
            .value(":pk", text(self.pk(part)))
            .value(":prefix", text(prefix))
    }
}

/// Returns the partition key of a tenant's part; an empty part is the tenant itself.
pub(crate) fn partition(tenant: TenantId, part: impl fmt::Display) -> String {
    let part = part.to_string();
    if part.is_empty() {
        return format!("T#{tenant}");
    }
    format!("T#{tenant}#{part}")
}

#[cfg(test)]
mod tests {
    use confab_core::Timestamp;

    use super::*;

    #[test]
    fn partitions_begin_with_their_tenant_and_end_or_continue_after_a_separator() {
        let tenant = TenantId::new(Timestamp::UNIX_EPOCH, &|| [7; 10]);
        assert_eq!(partition(tenant, ""), format!("T#{tenant}"));
        assert_eq!(partition(tenant, "USE"), format!("T#{tenant}#USE"));
    }
}
