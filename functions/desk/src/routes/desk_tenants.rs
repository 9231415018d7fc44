//! `/tenants`: workspaces, their settings, setup and limits. `lifecycle` suspends and deletes them, `list` is for
//! operators of the platform.

pub(crate) mod lifecycle;
pub(crate) mod list;
pub(crate) mod views;

use std::sync::Arc;

use confab_core::{CorrelationId, Error, Result, TenantId};
use confab_lambda::{
    ApiRequest, Response, Router,
    extract::{Json, Path, Whole},
    response,
};
use desk_domain::{
    Action, Isolation, LanguageTag, Plan, ProvisionState, SettingsActor, Tenant as TenantRecord,
    TenantSettingsInput,
};
use http::StatusCode;
use serde::Deserialize;

use self::views::{RunView, TenantView};
use crate::{
    auth::{Access, SignedIn},
    extract::TenantParam,
    services::{
        idempotency::{Attempt, once_of_person},
        memberships::confirm_role,
        setup::request_setup,
        tenant_changes::change_tenant,
        tenant_creation::{TenantRequest, create_requested_tenant},
        tenant_limits::report_limits,
    },
    state::{Part, State},
    store::AuditEntry,
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::Broadcasts,
    Part::Provisioning,
    Part::DynamoDbConnection,
];

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTenant {
    name: String,
    #[serde(default)]
    slug: Option<String>,
    #[serde(default)]
    locale: Option<LanguageTag>,
    /// A workspace begins on trial.
    #[serde(default)]
    plan: Option<Plan>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SetupRequest {
    isolation: Isolation,
}

pub fn routes() -> Router<State> {
    Router::new()
        .page_origin(State::console_origin)
        .route("GET /tenants", list::list_tenants)
        .route("POST /tenants", create_tenant)
        .route("GET /tenants/{id}", show_tenant)
        .route("PUT /tenants/{id}", update_tenant)
        .route("DELETE /tenants/{id}", lifecycle::delete_tenant)
        .route("GET /tenants/{id}/limits", show_limits)
        .route("POST /tenants/{id}/provision", provision_tenant)
        .route("POST /tenants/{id}/restore", lifecycle::restore_tenant)
        .route("POST /tenants/{id}/suspend", lifecycle::suspend_tenant)
        .route("POST /tenants/{id}/resume", lifecycle::resume_tenant)
}

/// Answers for another workspace as for one that does not exist.
fn require_own(access: &Access, id: TenantId) -> Result<()> {
    if access.grant.id() == id {
        Ok(())
    } else {
        Err(Error::not_found("workspace"))
    }
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/tenants",
    operation_id = "create_tenant",
    tag = "Workspaces",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key gets the first answer"),
    ),
    request_body = NewTenant,
    responses(
        (status = 201, description = "The new workspace. Its creator is an owner.", body = TenantView),
        BodyRefusals,
        OnceRefusals,
        SignedInRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn create_tenant(
    state: Arc<State>,
    person: SignedIn,
    Whole(request): Whole,
    Json(new): Json<NewTenant>,
) -> Result<Response> {
    if new.plan.is_some_and(|plan| plan != Plan::Trial) {
        let message = "A workspace begins on trial. Choose a plan afterwards.";
        return Err(Error::invalid("bad_plan", message));
    }
    once_of_person(&state, person.user, "POST /tenants", &request, |attempt| {
        create(&state, person, &request, &new, attempt)
    })
    .await
}

async fn create(
    state: &State,
    signed_in: SignedIn,
    request: &ApiRequest,
    new: &NewTenant,
    attempt: Attempt,
) -> Result<Response> {
    let person = state.store()?.find_person(signed_in.user).await?;
    let person = person.ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    let wanted = TenantRequest {
        // Each attempt makes the same id, so that one whose answer was lost is found.
        id: TenantId::new(attempt.started_at, &attempt),
        name: &new.name,
        slug: new.slug.as_deref(),
        locale: new.locale.clone().unwrap_or_else(LanguageTag::english),
    };
    let tenant = create_requested_tenant(state, &person, &wanted, request.correlation_id).await?;
    response::json(StatusCode::CREATED, &TenantView::for_owner(&tenant))
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/tenants/{id}",
    operation_id = "show_tenant",
    tag = "Workspaces",
    params(("id" = TenantId, Path)),
    responses((status = 200, description = "The workspace.", body = TenantView), ReadRefusals),
    security(("access_token" = []))
))]
pub(crate) async fn show_tenant(
    state: Arc<State>,
    access: Access,
    Path(TenantParam(id)): Path<TenantParam>,
) -> Result<Response> {
    require_own(&access, id)?;
    access.require(Action::ReadTenant)?;
    let tenant = state.store()?.tenant(access.grant);
    let (record, run) = tokio::try_join!(tenant.require_tenant(), tenant.find_run())?;
    let view = TenantView::for_caller(&record, run.as_ref(), &access);
    response::json(StatusCode::OK, &view)
}

#[cfg_attr(test, utoipa::path(
    put,
    path = "/tenants/{id}",
    operation_id = "update_tenant",
    tag = "Workspaces",
    params(("id" = TenantId, Path)),
    request_body = TenantSettingsInput,
    responses(
        (status = 200, description = "The workspace with its new settings.", body = TenantView),
        BodyRefusals,
        WriteRefusals,
        Conflict,
        Unprocessable,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn update_tenant(
    state: Arc<State>,
    access: Access,
    Path(TenantParam(id)): Path<TenantParam>,
    Json(input): Json<TenantSettingsInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    require_own(&access, id)?;
    let access = confirm_role(&state, access, Action::WriteTenant).await?;
    let (_, role) = access.member()?;
    let actor = SettingsActor {
        role,
        source: access.source,
    };
    let entry = AuditEntry::new(&access, "tenant.changed", id, correlation_id);
    let update = |tenant: &TenantRecord, _| tenant.update_settings(&input, actor);
    let tenant = change_tenant(&state, access.grant, &entry, update).await?;
    let view = TenantView::for_caller(&tenant, None, &access);
    response::json(StatusCode::OK, &view)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/tenants/{id}/provision",
    operation_id = "provision_tenant",
    tag = "Workspaces",
    params(("id" = TenantId, Path)),
    request_body = SetupRequest,
    responses(
        (status = 200, description = "The setup is done.", body = RunView),
        (status = 202, description = "The setup runs.", body = RunView),
        BodyRefusals,
        WriteRefusals,
        Conflict,
        Unprocessable,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn provision_tenant(
    state: Arc<State>,
    access: Access,
    Path(TenantParam(id)): Path<TenantParam>,
    Json(SetupRequest { isolation }): Json<SetupRequest>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    require_own(&access, id)?;
    let access = confirm_role(&state, access, Action::Provision).await?;
    let by = access.responsible_user();
    let tenant = state.store()?.tenant(access.grant).require_tenant().await?;
    let is_operator = access.member().is_err();
    if !is_operator && !tenant.entitlements().allows_isolation(isolation) {
        let message = "Your plan does not include this isolation.";
        return Err(Error::payment_required("payment_needed", message));
    }
    let run = request_setup(&state, access.grant, isolation, by, correlation_id).await?;
    let status = if run.state == ProvisionState::Ready {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    response::json(status, &RunView::of(&run))
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/tenants/{id}/limits",
    operation_id = "show_limits",
    tag = "Workspaces",
    params(("id" = TenantId, Path)),
    responses(
        (status = 200, description = "The limits of the plan, and what is used.", body = TenantLimits),
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn show_limits(
    state: Arc<State>,
    access: Access,
    Path(TenantParam(id)): Path<TenantParam>,
) -> Result<Response> {
    require_own(&access, id)?;
    access.require(Action::ReadLimits)?;
    let tenant = state.store()?.tenant(access.grant);
    let record = tenant.require_tenant().await?;
    let limits = report_limits(tenant, &record, state.clock.now()).await?;
    response::json(StatusCode::OK, &limits)
}

#[cfg(test)]
use crate::contract::{
    BodyRefusals, Conflict, OnceRefusals, ReadRefusals, SignedInRefusals, Unprocessable,
    WriteRefusals,
};
#[cfg(test)]
use crate::services::tenant_limits::TenantLimits;
