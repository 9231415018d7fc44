//! Tenants, the names in their addresses, and the list that operators see.

use aws_sdk_dynamodb::types::TransactWriteItem;
use confab_aws::{Condition, Row, Table, WriteConflict, text};
use confab_core::{Error, Result, TenantId, Timestamp};
use confab_worker::{Consistency, SaveOutcome};
use desk_domain::{
    Isolation, LimitName, Member, Person, Plan, ProvisionRun, Slug, Tenant as TenantRecord,
    TenantStatus,
};
use serde::{Deserialize, Serialize};

use super::{AuditEntry, Store, Tenant, due::due_attributes};

pub(super) const TENANT: &str = "TENANT";
const PLATFORM_LIST: &str = "P#TENANTS";

/// A tenant in the list of operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "TenantRow"), schema(as = TenantRow))]
pub(crate) struct TenantSummary {
    pub(crate) id: TenantId,
    pub(crate) slug: Slug,
    pub(crate) status: TenantStatus,
    pub(crate) plan: Plan,
    pub(crate) isolation: Isolation,
    pub(crate) created_at: Timestamp,
}

impl TenantSummary {
    fn of(tenant: &TenantRecord) -> Self {
        Self {
            id: tenant.id,
            slug: tenant.slug.clone(),
            status: tenant.lifecycle.status(),
            plan: tenant.plan,
            isolation: tenant.isolation,
            created_at: tenant.created_at,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct SlugRow {
    tenant: TenantId,
}

/// Everything that a tenant begins with.
#[derive(Debug)]
pub(crate) struct NewTenant<'a> {
    pub(crate) tenant: &'a TenantRecord,
    pub(crate) owner: &'a Member,
    /// The creator, as a member of the tenant.
    pub(crate) person: &'a Person,
    /// The version of the person that was read.
    pub(crate) person_version: u64,
    pub(crate) run: &'a ProvisionRun,
    pub(crate) audit: &'a AuditEntry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TenantCreation {
    Created,
    /// An earlier attempt has created it.
    Exists,
    SlugTaken,
    /// The creator was changed since they were read.
    Conflict,
}

fn slug_pk(slug: &Slug) -> String {
    format!("S#{slug}")
}

impl Store {
    /// Lists tenants, the newest first.
    pub(crate) async fn list_tenants(
        &self,
        after: Option<&str>,
        most: u16,
    ) -> Result<Vec<TenantSummary>> {
        let keys = match after {
            Some(after) => {
                Condition::expression("pk = :pk AND sk < :after").value(":after", text(after))
            }
            None => Condition::expression("pk = :pk"),
        };
        let keys = keys.value(":pk", text(PLATFORM_LIST));
        let rows = self
            .table
            .query_descending(keys, most.into(), Consistency::Strong)
            .await?;
        rows.into_iter().map(Table::from_row).collect()
    }
}

impl Tenant<'_> {
    pub(crate) async fn find_tenant(&self) -> Result<Option<TenantRecord>> {
        self.get("", TENANT).await
    }

    pub(crate) async fn require_tenant(&self) -> Result<TenantRecord> {
        self.find_tenant()
            .await?
            .ok_or_else(|| Error::not_found("workspace"))
    }

    /// Creates a tenant with its owner, its slug and its setup.
    pub(crate) async fn create_tenant(
        &self,
        new: &NewTenant<'_>,
        now: Timestamp,
    ) -> Result<TenantCreation> {
        let (table, tenant) = (self.table(), new.tenant);
        let pointer = SlugRow { tenant: tenant.id };
        let slug = Table::to_row(slug_pk(&tenant.slug), TENANT, &pointer)?;
        let entitlements = tenant.entitlements();
        let writes = vec![
            table.transact_put(self.tenant_row(tenant)?, Condition::not_exists())?,
            table.transact_put(slug, Condition::not_exists())?,
            self.store.person_write(new.person, new.person_version)?,
            self.member_put(new.owner)?,
            self.take_limit(entitlements.limit(LimitName::Seats), 1, now)?,
            self.summary_write(tenant)?,
            self.run_write(new.run, 0)?,
            self.audit(new.audit, now)?,
        ];
        let Some(conflicts) = table.try_transact(writes).await? else {
            return Ok(TenantCreation::Created);
        };
        let failed = |index| conflicts.get(index) == Some(&WriteConflict::ConditionFailed);
        Ok(if failed(0) {
            TenantCreation::Exists
        } else if failed(1) {
            TenantCreation::SlugTaken
        } else {
            TenantCreation::Conflict
        })
    }

    /// Writes a changed tenant, if no other write came between and the member who acts still has the role.
    pub(crate) async fn save_tenant(
        &self,
        before: &TenantRecord,
        after: &TenantRecord,
        audit: &AuditEntry,
        now: Timestamp,
    ) -> Result<SaveOutcome> {
        let unchanged = Condition::version(before.version);
        let mut writes = vec![
            self.table()
                .transact_put(self.tenant_row(after)?, unchanged)?,
            self.audit(audit, now)?,
        ];
        writes.extend(self.authority_check(audit, None)?);
        if TenantSummary::of(before) != TenantSummary::of(after) {
            writes.push(self.summary_write(after)?);
        }
        self.table().transact(writes).await
    }

    /// Deletes the last rows of a tenant. Its slug is free again.
    pub(crate) async fn delete_tenant_rows(&self, tenant: &TenantRecord) -> Result<()> {
        let table = self.table();
        let is_own = Condition::expression("attribute_not_exists(pk) OR tenant = :tenant")
            .value(":tenant", text(self.id().to_string()));
        let slug = Table::key(slug_pk(&tenant.slug), TENANT);
        let summary = Table::key(PLATFORM_LIST, tenant.id.to_string());
        let writes = vec![
            table.transact_delete(slug, is_own)?,
            table.transact_delete(summary, Condition::none())?,
            table.transact_delete(self.key("", TENANT), Condition::none())?,
        ];
        match table.transact(writes).await? {
            SaveOutcome::Saved => Ok(()),
            SaveOutcome::Conflict => Err(Error::internal(
                "foreign_slug",
                format!("the slug of {} is another tenant's", tenant.id),
            )),
        }
    }

    fn tenant_row(&self, tenant: &TenantRecord) -> Result<Row> {
        let mut row = self.row("", TENANT, tenant)?;
        if let Some(due_at) = tenant.due_at() {
            row.extend(due_attributes(&self.pk(""), due_at));
        }
        Ok(row)
    }

    fn summary_write(&self, tenant: &TenantRecord) -> Result<TransactWriteItem> {
        let summary = TenantSummary::of(tenant);
        let row = Table::to_row(PLATFORM_LIST, tenant.id.to_string(), &summary)?;
        self.table().transact_put(row, Condition::none())
    }
}
