//! What operators read.

use std::collections::BTreeMap;

use confab_core::{Result, TenantId, Timestamp};
use desk_domain::{
    CompletedStep, HoldReason, Isolation, LimitName, Plan, ProvisionProgress, ProvisionRun,
    ProvisionRunId, Slug, Tenant as TenantRecord, TenantHold, TenantStanding, TenantStatus,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    OperatorCall,
    commands::{ListAudit, ListTenants, ReadTenant},
    render,
};
use crate::{
    services::{
        audit_list::{self, AuditFilter, AuditPlace},
        cursors::{ListPage, bad_cursor, page_limit},
        tenant_limits::report_limits,
        tenant_list::{self, TenantFilter},
    },
    state::State,
};

/// A workspace as operators see it.
#[derive(Serialize)]
pub(super) struct TenantView<'a> {
    id: TenantId,
    slug: &'a Slug,
    name: &'a str,
    status: TenantStatus,
    plan: Plan,
    isolation: Isolation,
    owners: u64,
    members: u64,
    created_at: Timestamp,
    trial_ends_at: Option<Timestamp>,
    erase_at: Option<Timestamp>,
    holds: &'a BTreeMap<HoldReason, TenantHold>,
    /// Amounts that operators have set.
    amounts: &'a BTreeMap<LimitName, u64>,
}

impl<'a> TenantView<'a> {
    pub(super) fn of(tenant: &'a TenantRecord) -> Self {
        let lifecycle = &tenant.lifecycle;
        Self {
            id: tenant.id,
            slug: &tenant.slug,
            name: &tenant.settings.name,
            status: lifecycle.status(),
            plan: tenant.plan,
            isolation: tenant.isolation,
            owners: tenant.owners,
            members: tenant.members,
            created_at: tenant.created_at,
            trial_ends_at: match lifecycle.standing {
                TenantStanding::Trial { ends_at } => Some(ends_at),
                TenantStanding::Subscribed => None,
            },
            erase_at: lifecycle.deletion.map(|deletion| deletion.erase_at),
            holds: &lifecycle.holds,
            amounts: &tenant.overrides.amounts,
        }
    }
}

/// The setup of a workspace, with what its current step met.
#[derive(Serialize)]
struct SetupView<'a> {
    id: ProvisionRunId,
    #[serde(flatten)]
    progress: ProvisionProgress,
    tries: u32,
    last_code: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
    steps: &'a [CompletedStep],
}

impl<'a> SetupView<'a> {
    fn of(run: &'a ProvisionRun) -> Self {
        Self {
            id: run.id,
            progress: run.progress(),
            tries: run.tries,
            last_code: run.last_code.as_deref(),
            created_at: run.created_at,
            updated_at: run.updated_at,
            steps: &run.completed,
        }
    }
}

pub(super) async fn list_tenants(state: &State, list: &ListTenants) -> Result<Value> {
    let call = OperatorCall::new(state, &list.by)?;
    let limit = usize::from(page_limit(list.limit)?);
    let store = state.store()?;
    let actor = call.actor();
    let visit = call.visit(&actor, "confab desk tenants");
    store.record_list_visit(&visit, state.clock.now()).await?;
    let filter = TenantFilter {
        status: list.status,
        plan: list.plan,
    };
    let after = list.after.map(|tenant| tenant.to_string());
    let page = tenant_list::list_tenants(store, filter, after, limit).await?;
    let (items, next) = (page.items, page.next);
    render(&ListPage { items, next })
}

pub(super) async fn show_tenant(state: &State, read: &ReadTenant) -> Result<Value> {
    let call = OperatorCall::new(state, &read.by)?;
    let (tenant, record) = call.open(read.tenant, "confab desk tenant").await?;
    let (run, limits) = tokio::try_join!(
        tenant.find_run(),
        report_limits(tenant, &record, state.clock.now())
    )?;
    Ok(json!({
        "tenant": render(&TenantView::of(&record))?,
        "setup": render(&run.as_ref().map(SetupView::of))?,
        "limits": render(&limits)?,
    }))
}

pub(super) async fn show_limits(state: &State, read: &ReadTenant) -> Result<Value> {
    let call = OperatorCall::new(state, &read.by)?;
    let (tenant, record) = call.open(read.tenant, "confab desk limits").await?;
    let limits = report_limits(tenant, &record, state.clock.now()).await?;
    render(&limits)
}

pub(super) async fn list_audit(state: &State, list: &ListAudit) -> Result<Value> {
    let call = OperatorCall::new(state, &list.by)?;
    let limit = usize::from(page_limit(list.limit)?);
    let place = match &list.after {
        Some(after) => AuditPlace::parse(after).ok_or_else(bad_cursor)?,
        None => AuditPlace::latest(state.clock.now()),
    };
    let (tenant, _) = call.open(list.tenant, "confab desk audit").await?;
    let filter = AuditFilter {
        actor: None,
        action: None,
        since: list.since,
        shows_operators: true,
    };
    let page = audit_list::list_audit(tenant, place, filter, limit).await?;
    let next = page.next.map(|place| place.render());
    let items = page.items;
    render(&ListPage { items, next })
}
