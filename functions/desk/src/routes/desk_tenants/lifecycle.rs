//! Suspends, resumes, deletes and restores workspaces.

use std::sync::Arc;

use confab_core::{CorrelationId, Result, Timestamp};
use confab_lambda::{
    Response,
    extract::{Json, Path},
    response,
};
use desk_domain::{Action, LifecycleEvent, Tenant as TenantRecord};
use http::StatusCode;
use serde::Deserialize;

use super::{require_own, views::TenantView};
use crate::{
    auth::{Access, TenantGrant},
    extract::TenantParam,
    services::{
        memberships::confirm_role, socket_removals::publish_suspension,
        tenant_changes::change_tenant,
    },
    state::State,
    store::AuditEntry,
};

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Suspension {
    reason: String,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct Resumption {
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<String>"))]
    reason: String,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletion {
    /// The slug of the workspace.
    confirm: String,
}

/// Suspends a workspace and closes the sockets of its agents. Repeated, it closes them again, because the first request
/// may have ended before it did.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/tenants/{id}/suspend",
    operation_id = "suspend_tenant",
    tag = "Workspaces",
    params(("id" = confab_core::TenantId, Path)),
    request_body = Suspension,
    responses(
        (status = 200, description = "The suspended workspace.", body = TenantView),
        BodyRefusals,
        ReadRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn suspend_tenant(
    state: Arc<State>,
    access: Access,
    Path(TenantParam(id)): Path<TenantParam>,
    Json(Suspension { reason }): Json<Suspension>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    require_own(&access, id)?;
    access.require(Action::SuspendTenant)?;
    let entry = AuditEntry::new(&access, "tenant.suspended", id, correlation_id);
    let entry = entry.with_note(&reason);
    let event = LifecycleEvent::Suspend { reason };
    let tenant = apply(&state, access.grant, &entry, &event).await?;
    let (broadcasts, now) = (state.broadcasts()?, state.clock.now());
    publish_suspension(broadcasts, id, now, correlation_id).await?;
    render(StatusCode::OK, &tenant, &access)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/tenants/{id}/resume",
    operation_id = "resume_tenant",
    tag = "Workspaces",
    params(("id" = confab_core::TenantId, Path)),
    request_body = Resumption,
    responses(
        (status = 200, description = "The resumed workspace.", body = TenantView),
        BodyRefusals,
        ReadRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn resume_tenant(
    state: Arc<State>,
    access: Access,
    Path(TenantParam(id)): Path<TenantParam>,
    Json(Resumption { reason }): Json<Resumption>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    require_own(&access, id)?;
    access.require(Action::SuspendTenant)?;
    let entry = AuditEntry::new(&access, "tenant.resumed", id, correlation_id);
    let entry = entry.with_note(&reason);
    let tenant = apply(&state, access.grant, &entry, &LifecycleEvent::Resume).await?;
    render(StatusCode::OK, &tenant, &access)
}

/// Asks for the deletion of a workspace. Its data is erased after a grace, in which an owner may restore it.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/tenants/{id}",
    operation_id = "delete_tenant",
    tag = "Workspaces",
    params(("id" = confab_core::TenantId, Path)),
    request_body = Deletion,
    responses(
        (status = 202, description = "The workspace is erased in 30 days, unless it is restored.", body = TenantView),
        BodyRefusals,
        ReadRefusals,
        Unprocessable,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn delete_tenant(
    state: Arc<State>,
    access: Access,
    Path(TenantParam(id)): Path<TenantParam>,
    Json(Deletion { confirm }): Json<Deletion>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    require_own(&access, id)?;
    let access = confirm_role(&state, access, Action::DeleteTenant).await?;
    let entry = AuditEntry::new(&access, "tenant.deleted", id, correlation_id);
    let delete = |tenant: &TenantRecord, now: Timestamp| tenant.delete(&confirm, now);
    let tenant = change_tenant(&state, access.grant, &entry, delete).await?;
    render(StatusCode::ACCEPTED, &tenant, &access)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/tenants/{id}/restore",
    operation_id = "restore_tenant",
    tag = "Workspaces",
    params(("id" = confab_core::TenantId, Path)),
    responses(
        (status = 200, description = "The restored workspace.", body = TenantView),
        ReadRefusals,
        Conflict,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn restore_tenant(
    state: Arc<State>,
    access: Access,
    Path(TenantParam(id)): Path<TenantParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    require_own(&access, id)?;
    let access = confirm_role(&state, access, Action::DeleteTenant).await?;
    let entry = AuditEntry::new(&access, "tenant.restored", id, correlation_id);
    let tenant = apply(&state, access.grant, &entry, &LifecycleEvent::Restore).await?;
    render(StatusCode::OK, &tenant, &access)
}

async fn apply(
    state: &State,
    grant: TenantGrant,
    entry: &AuditEntry,
    event: &LifecycleEvent,
) -> Result<TenantRecord> {
    let change = |tenant: &TenantRecord, now: Timestamp| tenant.apply(event, now);
    change_tenant(state, grant, entry, change).await
}

fn render(status: StatusCode, tenant: &TenantRecord, access: &Access) -> Result<Response> {
    response::json(status, &TenantView::for_caller(tenant, None, access))
}

#[cfg(test)]
use crate::contract::{BodyRefusals, Conflict, ReadRefusals, Unprocessable};
