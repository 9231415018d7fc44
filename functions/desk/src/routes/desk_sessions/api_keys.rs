//! `/auth/api-keys`: keys of programs. A key is shown once, and only its hash is stored.
//!
//! `Idempotency-Key` is not taken: the stored answer would hold the key. A request whose answer was lost leaves a key
//! that its owner sees in the list and deletes.

use core::net::IpAddr;
use std::{collections::BTreeSet, sync::Arc};

use confab_core::{CorrelationId, Error, Result, Timestamp, UserId};
use confab_lambda::{
    Response,
    extract::{Json, Path},
    response,
};
use desk_domain::{
    Action, ApiKey, ApiKeyId, ApiKeyRecord, ApiKeyRequest, BotId, IpRange, LimitName, Scopes,
};
use http::StatusCode;
use serde::Serialize;

use super::WholeList;
use crate::{
    auth::{Access, Caller},
    extract::ApiKeyParam,
    services::{
        limits::limit_reached,
        memberships::{confirm_role, role_changed},
        sessions::require_live,
        sign_in::forbid_storing,
    },
    state::State,
    store::{AuditEntry, KeyCreation, KeyDeletion, Tenant},
};

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "ApiKey"), schema(as = ApiKey))]
pub(crate) struct KeyView {
    id: ApiKeyId,
    name: String,
    /// The beginning of the key, by which people recognize it.
    prefix: String,
    scopes: Scopes,
    bot_ids: BTreeSet<BotId>,
    allowed_ips: BTreeSet<IpRange>,
    created_by: UserId,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    /// Exact to an hour.
    last_used_at: Option<Timestamp>,
    #[cfg_attr(test, schema(value_type = Option<String>))]
    last_ip: Option<IpAddr>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "CreatedApiKey"), schema(as = CreatedApiKey))]
pub(crate) struct CreatedKey {
    key: String,
    #[serde(flatten)]
    view: KeyView,
}

impl KeyView {
    fn new(record: ApiKeyRecord) -> Self {
        Self {
            id: record.id,
            prefix: record.prefix(),
            name: record.name,
            scopes: record.scopes,
            bot_ids: record.bot_ids,
            allowed_ips: record.allowed_ips,
            created_by: record.created_by,
            created_at: record.created_at,
            expires_at: record.expires_at,
            last_used_at: record.last_used_at,
            last_ip: record.last_ip,
        }
    }
}

/// Returns the member who asks, with the stored role. The session must not have ended: a key would outlive it.
async fn confirm_live_member(
    state: &State,
    access: Access,
    action: Action,
) -> Result<(Access, UserId)> {
    access.require(action)?;
    let (user, _) = access.member()?;
    if let Caller::Member { session, .. } = access.caller {
        require_live(state, user, session).await?;
    }
    let access = confirm_role(state, access, action).await?;
    Ok((access, user))
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/auth/api-keys",
    operation_id = "create_api_key",
    tag = "API keys",
    request_body = ApiKeyRequest,
    responses(
        (status = 201, description = "The key. It is shown once.", body = CreatedKey),
        BodyRefusals,
        WriteRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn create_key(
    state: Arc<State>,
    access: Access,
    Json(request): Json<ApiKeyRequest>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let (access, user) = confirm_live_member(&state, access, Action::WriteKeys).await?;
    let now = state.clock.now();
    let key = ApiKey::new(ApiKeyId::new(now, &state.entropy), &state.entropy);
    let record = request.record(&key, user, now)?;
    let tenant = state.store()?.tenant(access.grant);
    require_bots(tenant, &record.bot_ids).await?;
    let entitlements = tenant.require_tenant().await?.entitlements();
    let limit = entitlements.limit(LimitName::ApiKeys);
    let entry = AuditEntry::new(&access, "api_key.created", record.id, correlation_id)
        .with_change(None, Some(&record))?;
    let created = tenant.create_api_key(&record, limit, &entry, now).await?;
    match created {
        KeyCreation::Created => {}
        KeyCreation::LimitReached => return Err(limit_reached(LimitName::ApiKeys)),
        KeyCreation::Conflict => return Err(role_changed()),
    }
    let created = CreatedKey {
        key: key.reveal(),
        view: KeyView::new(record),
    };
    let mut response = response::json(StatusCode::CREATED, &created)?;
    forbid_storing(&mut response);
    Ok(response)
}

/// Refuses chatbots that the workspace does not have.
async fn require_bots(tenant: Tenant<'_>, ids: &BTreeSet<BotId>) -> Result<()> {
    if ids.is_empty() || tenant.find_bot_summaries(ids).await?.len() == ids.len() {
        return Ok(());
    }
    Err(Error::invalid("bad_bot", "There is no such chatbot."))
}

/// The list is whole, because a tenant has few keys.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/auth/api-keys",
    operation_id = "list_api_keys",
    tag = "API keys",
    responses(
        (status = 200, description = "All keys of the workspace.", body = WholeList<KeyView>),
        ReadRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn list_keys(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::ReadKeys)?;
    let keys = state.store()?.tenant(access.grant).list_api_keys().await?;
    let views = keys.into_iter().map(KeyView::new).collect();
    response::json(StatusCode::OK, &WholeList::new(views))
}

#[cfg_attr(test, utoipa::path(
    delete,
    path = "/auth/api-keys/{id}",
    operation_id = "delete_api_key",
    tag = "API keys",
    params(("id" = ApiKeyId, Path)),
    responses((status = 204, description = "The key is deleted."), ReadRefusals),
    security(("access_token" = []))
))]
pub(crate) async fn delete_key(
    state: Arc<State>,
    access: Access,
    Path(ApiKeyParam(id)): Path<ApiKeyParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let (access, _) = confirm_live_member(&state, access, Action::DeleteKeys).await?;
    let tenant = state.store()?.tenant(access.grant);
    let entry = AuditEntry::new(&access, "api_key.deleted", id, correlation_id);
    let deleted = tenant.delete_api_key(id, &entry, state.clock.now()).await?;
    match deleted {
        KeyDeletion::Deleted => Ok(response::empty(StatusCode::NO_CONTENT)),
        KeyDeletion::NotFound => Err(Error::not_found("api_key")),
        KeyDeletion::Conflict => Err(role_changed()),
    }
}

#[cfg(test)]
use crate::contract::{BodyRefusals, ReadRefusals, WriteRefusals};
