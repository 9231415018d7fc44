//! Chatbots of a tenant: their drafts. `deployments` has what makes them live.

pub(crate) mod deployments;
pub(crate) mod identity;

use std::{collections::BTreeSet, sync::Arc};

use confab_core::{CorrelationId, Error, Result, Timestamp};
use confab_lambda::{
    ApiRequest, Response, Router,
    extract::{Json, Path, Query, Whole},
    response,
};
use confab_worker::SaveOutcome;
use desk_domain::{
    Action, Bot, BotId, BotSettings, BotTemplate, BotUpdate, DeploymentKey, LanguageTag, LimitName,
    LiveDeployment, snippet,
};
use http::StatusCode;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{
    auth::Access,
    extract::BotParam,
    services::{
        cursors::{ListPage, bad_cursor, open_place, page_limit, seal_place},
        idempotency::{Attempt, once},
        limits::limit_reached,
        memberships::require_teams,
    },
    state::{Part, State},
    store::{AuditEntry, BotCreation, BotSummary, Tenant},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::DynamoDbConnection,
];

const MAX_CAS_ATTEMPTS: usize = 4;
/// The name of the list in its cursors.
const BOTS: &str = "chatbots";

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct PageQuery {
    limit: Option<u16>,
    after: Option<String>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBot {
    name: String,
    language: LanguageTag,
    template: BotTemplate,
}

/// A bot with its draft.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Bot"), schema(as = Bot))]
pub(crate) struct BotView<'a> {
    id: BotId,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// `None` before the first deployment.
    live: Option<LiveView<'a>>,
    #[serde(flatten)]
    settings: &'a BotSettings,
}

/// What visitors meet, and what an admin pastes into the pages of a site.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "LiveDeployment"), schema(as = LiveDeployment))]
pub(crate) struct LiveView<'a> {
    number: u32,
    deployment_key: &'a DeploymentKey,
    snippet: String,
}

impl<'a> LiveView<'a> {
    /// `base` is the address that serves the loader.
    fn of(live: &'a LiveDeployment, base: &str) -> Option<Self> {
        let key = live.key.as_ref()?;
        Some(Self {
            number: live.number,
            deployment_key: key,
            snippet: snippet(base, key),
        })
    }
}

pub fn routes() -> Router<State> {
    Router::new()
        .page_origin(State::console_origin)
        .route("GET /chatbots", list_bots)
        .route("POST /chatbots", create_bot)
        .route("GET /chatbots/{id}", show_bot)
        .route("PUT /chatbots/{id}", update_bot)
        .route("DELETE /chatbots/{id}", delete_bot)
        .route("POST /chatbots/{id}/deploy", deployments::deploy_bot)
        .route(
            "GET /chatbots/{id}/deployments",
            deployments::list_deployments,
        )
        .route(
            "POST /chatbots/{id}/deployments/{number}/activate",
            deployments::activate_deployment,
        )
        .route(
            "POST /chatbots/{id}/identity-secret",
            identity::rotate_secret,
        )
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/chatbots",
    operation_id = "list_chatbots",
    tag = "Chatbots",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of chatbots.", body = ListPage<BotSummary>),
        BadRequest,
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn list_bots(
    state: Arc<State>,
    access: Access,
    Query(page): Query<PageQuery>,
) -> Result<Response> {
    access.require(Action::ReadBots)?;
    let limit = usize::from(page_limit(page.limit)?);
    let after = match &page.after {
        Some(cursor) => {
            let place = open_place(&state, Some(access.grant), BOTS, cursor).await?;
            Some(place.parse::<BotId>().map_err(|_| bad_cursor())?)
        }
        None => None,
    };
    let tenant = state.store()?.tenant(access.grant);
    let mut items = match access.bots() {
        Some(ids) => find_bots(tenant, ids, after, limit + 1).await?,
        None => tenant.list_bots(after, limit + 1).await?,
    };
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next = match items.last() {
        Some(last) if has_more => {
            let place = last.id.to_string();
            Some(seal_place(&state, Some(access.grant), BOTS, place).await?)
        }
        _ => None,
    };
    response::json(StatusCode::OK, &ListPage { items, next })
}

/// Lists the bots that a key reaches.
async fn find_bots(
    tenant: Tenant<'_>,
    ids: &BTreeSet<BotId>,
    after: Option<BotId>,
    most: usize,
) -> Result<Vec<BotSummary>> {
    let mut bots = tenant.find_bot_summaries(ids).await?;
    bots.retain(|bot| after.is_none_or(|after| bot.id > after));
    bots.truncate(most);
    Ok(bots)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/chatbots",
    operation_id = "create_chatbot",
    tag = "Chatbots",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key gets the first answer"),
    ),
    request_body = NewBot,
    responses(
        (status = 201, description = "The new chatbot with its draft.", body = BotView),
        BodyRefusals,
        OnceRefusals,
        WriteRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn create_bot(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    Json(new): Json<NewBot>,
) -> Result<Response> {
    access.require(Action::WriteBots)?;
    if access.bots().is_some() {
        let message = "A key that is limited to chatbots cannot create one.";
        return Err(Error::forbidden(message));
    }
    once(
        &state,
        access.grant,
        "POST /chatbots",
        &request,
        |attempt| create(&state, &access, &request, &new, attempt),
    )
    .await
}

async fn create(
    state: &State,
    access: &Access,
    request: &ApiRequest,
    new: &NewBot,
    attempt: Attempt,
) -> Result<Response> {
    let now = state.clock.now();
    let settings = new.template.settings(&new.name, new.language.clone())?;
    // Each attempt makes the same id, so that one whose answer was lost is found.
    let id = BotId::new(attempt.started_at, &attempt);
    let mut bot = Bot::new(id, settings, now)?;
    let tenant = state.store()?.tenant(access.grant);
    let entitlements = tenant.require_tenant().await?.entitlements();
    let limit = tenant.take_limit(entitlements.limit(LimitName::Bots), 1, now)?;
    let entry = AuditEntry::new(access, "chatbot.created", id, request.correlation_id)
        .with_change(None, Some(&bot.settings))?;
    let audit = tenant.audit(&entry, now)?;
    match tenant.create_bot(&bot, limit, audit).await? {
        BotCreation::Created => {}
        BotCreation::Exists => bot = tenant.require_bot(id).await?,
        BotCreation::LimitReached => return Err(limit_reached(LimitName::Bots)),
    }
    render_bot(state, request, StatusCode::CREATED, &bot, None)
}

fn render_bot(
    state: &State,
    request: &ApiRequest,
    status: StatusCode,
    bot: &Bot,
    live: Option<&LiveDeployment>,
) -> Result<Response> {
    let base = state.base_url(request);
    let view = BotView {
        id: bot.id,
        version: bot.version,
        created_at: bot.created_at,
        updated_at: bot.updated_at,
        live: live.and_then(|live| LiveView::of(live, &base)),
        settings: &bot.settings,
    };
    response::json(status, &view)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/chatbots/{id}",
    operation_id = "show_chatbot",
    tag = "Chatbots",
    params(("id" = BotId, Path)),
    responses(
        (status = 200, description = "The chatbot with its draft.", body = BotView),
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn show_bot(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    Path(BotParam(id)): Path<BotParam>,
) -> Result<Response> {
    access.require(Action::ReadBots)?;
    access.require_bot(id)?;
    let tenant = state.store()?.tenant(access.grant);
    let bot = tenant.require_bot(id).await?;
    let live = tenant.find_live_row(id).await?;
    render_bot(&state, &request, StatusCode::OK, &bot, live.as_ref())
}

#[cfg_attr(test, utoipa::path(
    put,
    path = "/chatbots/{id}",
    operation_id = "update_chatbot",
    tag = "Chatbots",
    params(("id" = BotId, Path)),
    request_body = BotUpdate,
    responses(
        (status = 200, description = "The chatbot with its new draft.", body = BotView),
        BodyRefusals,
        WriteRefusals,
        Conflict,
        InvalidDraft,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn update_bot(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    Path(BotParam(id)): Path<BotParam>,
) -> Result<Response> {
    access.require(Action::WriteBots)?;
    access.require_bot(id)?;
    // Bounds the body. The draft itself says what is wrong with it.
    request.json::<IgnoredAny>()?;
    let update = BotUpdate::parse(request.body())?;
    let tenant = state.store()?.tenant(access.grant);
    let before = tenant.require_bot(id).await?;
    let now = state.clock.now();
    let bot = before.with_update(update, now)?;
    if bot != before {
        require_new_teams(tenant, &before, &bot).await?;
        let entry = AuditEntry::new(&access, "chatbot.changed", id, request.correlation_id)
            .with_change(Some(&before.settings), Some(&bot.settings))?;
        let audit = tenant.audit(&entry, now)?;
        if tenant.save_bot(&bot, before.version, audit).await? == SaveOutcome::Conflict {
            let message = "The chatbot has been changed meanwhile.";
            return Err(Error::conflict("changed_meanwhile", message));
        }
    }
    let live = tenant.find_live_row(id).await?;
    render_bot(&state, &request, StatusCode::OK, &bot, live.as_ref())
}

/// Refuses teams that the workspace does not have. Those of the draft before may have been deleted since.
async fn require_new_teams(tenant: Tenant<'_>, before: &Bot, after: &Bot) -> Result<()> {
    let (known, named) = (before.settings.teams(), after.settings.teams());
    let new = named.difference(&known).copied().collect();
    require_teams(tenant, &new).await
}

/// Deletes a bot. Its conversations stay. A repeated request finds it deleted.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/chatbots/{id}",
    operation_id = "delete_chatbot",
    tag = "Chatbots",
    params(("id" = BotId, Path)),
    responses(
        (status = 204, description = "The chatbot is deleted. Its conversations stay."),
        WriteRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn delete_bot(
    state: Arc<State>,
    access: Access,
    Path(BotParam(id)): Path<BotParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.require(Action::WriteBots)?;
    access.require_bot(id)?;
    let tenant = state.store()?.tenant(access.grant);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let before = tenant.find_bot_even_deleted(id).await?;
        let before = before.ok_or_else(|| Error::not_found("chatbot"))?;
        if before.deleted_at.is_some() {
            return Ok(response::empty(StatusCode::NO_CONTENT));
        }
        let now = state.clock.now();
        let live = tenant.find_live_row(id).await?;
        let release = tenant.release_limit(LimitName::Bots, 1, now)?;
        let entry = AuditEntry::new(&access, "chatbot.deleted", id, correlation_id)
            .with_change(Some(&before.settings), None)?;
        let audit = tenant.audit(&entry, now)?;
        let (deleted, version) = (before.deleted(now), before.version);
        let saved = tenant
            .delete_bot(&deleted, version, live.as_ref(), release, audit)
            .await?;
        if saved == SaveOutcome::Saved {
            return Ok(response::empty(StatusCode::NO_CONTENT));
        }
    }
    Err(contended())
}

fn contended() -> Error {
    Error::unavailable("contended", "the chatbot changed at each attempt")
}

#[cfg(test)]
use crate::contract::{
    BadRequest, BodyRefusals, Conflict, InvalidDraft, OnceRefusals, ReadRefusals, WriteRefusals,
};
