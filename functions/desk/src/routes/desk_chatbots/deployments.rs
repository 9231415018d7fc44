//! Deployments of a bot: immutable copies of its draft, of which visitors meet one.

use std::sync::Arc;

use confab_core::{CorrelationId, Error, Result};
use confab_lambda::{
    ApiRequest, Response,
    extract::{Json, Path, PathPair, Query, Whole},
    response,
};
use confab_worker::SaveOutcome;
use desk_domain::{
    Action, BotId, DeployRequest, Deployment, DeploymentKey, DeploymentSummary, LiveDeployment,
    content_hash,
};
use http::StatusCode;
use serde::Serialize;

use super::{LiveView, MAX_CAS_ATTEMPTS, PageQuery, contended};
use crate::{
    auth::Access,
    extract::{BotParam, DeploymentParam},
    services::{
        cursors::{ListPage, bad_cursor, open_place, page_limit, seal_place},
        idempotency::{Attempt, once},
    },
    state::State,
    store::AuditEntry,
};

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Deployment"), schema(as = Deployment))]
pub(crate) struct DeploymentView {
    #[serde(flatten)]
    deployment: DeploymentSummary,
    is_live: bool,
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/chatbots/{id}/deploy",
    operation_id = "deploy_chatbot",
    tag = "Chatbots",
    params(
        ("id" = BotId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key gets the first answer"),
    ),
    request_body = DeployRequest,
    responses(
        (status = 200, description = "A draft that was deployed before is live again.", body = LiveView),
        (status = 201, description = "The draft is live under a new number.", body = LiveView),
        BodyRefusals,
        OnceRefusals,
        WriteRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn deploy_bot(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    Path(BotParam(id)): Path<BotParam>,
    Json(asked): Json<DeployRequest>,
) -> Result<Response> {
    access.require(Action::WriteBots)?;
    access.require_bot(id)?;
    let route = "POST /chatbots/{id}/deploy";
    once(&state, access.grant, route, &request, |attempt| {
        deploy(&state, &access, &request, id, &asked, attempt)
    })
    .await
}

/// Deploys the draft. One that was deployed before is live again under its number.
async fn deploy(
    state: &State,
    access: &Access,
    request: &ApiRequest,
    id: BotId,
    asked: &DeployRequest,
    attempt: Attempt,
) -> Result<Response> {
    let tenant = state.store()?.tenant(access.grant);
    // A key is public. Each attempt brings the same one, so that a repeated one rotates nothing again.
    let (new_key, by) = (DeploymentKey::new(&attempt), access.responsible_user());
    for _ in 0..MAX_CAS_ATTEMPTS {
        let now = state.clock.now();
        let bot = tenant.require_bot(id).await?;
        let live = tenant.find_live_row(id).await?;
        let hash = content_hash(&bot.settings)?;
        let same = tenant.find_deployment_by_hash(id, &hash).await?;
        let earlier = same.as_slice();
        let outcome = bot.deploy(live.as_ref(), earlier, asked, new_key.clone(), by, now)?;
        if live.as_ref() == Some(&outcome.live) {
            return render(state, request, StatusCode::OK, &outcome.live);
        }
        let entry = AuditEntry::new(access, "chatbot.deployed", id, request.correlation_id)
            .with_change(live.as_ref(), Some(&outcome.live))?;
        let audit = tenant.audit(&entry, now)?;
        let saved = tenant
            .save_deployment(&bot, live.as_ref(), &outcome, audit)
            .await?;
        if saved == SaveOutcome::Saved {
            let status = match outcome.created {
                Some(_) => StatusCode::CREATED,
                None => StatusCode::OK,
            };
            return render(state, request, status, &outcome.live);
        }
    }
    Err(contended())
}

fn render(
    state: &State,
    request: &ApiRequest,
    status: StatusCode,
    live: &LiveDeployment,
) -> Result<Response> {
    let view = LiveView::of(live, &state.base_url(request));
    response::json(status, &view.ok_or_else(|| Error::not_found("deployment"))?)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/chatbots/{id}/deployments",
    operation_id = "list_deployments",
    tag = "Chatbots",
    params(("id" = BotId, Path), PageQuery),
    responses(
        (status = 200, description = "A page of deployments, newest first.", body = ListPage<DeploymentView>),
        BadRequest,
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn list_deployments(
    state: Arc<State>,
    access: Access,
    Path(BotParam(id)): Path<BotParam>,
    Query(page): Query<PageQuery>,
) -> Result<Response> {
    access.require(Action::ReadBots)?;
    access.require_bot(id)?;
    let limit = page_limit(page.limit)?;
    let list = format!("deployments {id}");
    let before = match &page.after {
        Some(cursor) => {
            let place = open_place(&state, Some(access.grant), &list, cursor).await?;
            Some(place.parse::<u32>().map_err(|_| bad_cursor())?)
        }
        None => None,
    };
    let tenant = state.store()?.tenant(access.grant);
    tenant.require_bot(id).await?;
    let live = tenant.find_live_row(id).await?;
    let deployments = tenant.list_deployments(id, before, limit).await?;
    // Numbers begin with 1 and have no gaps.
    let last = deployments.last().map(|last| last.number);
    let next = match last.filter(|last| *last > 1) {
        Some(last) => {
            let place = last.to_string();
            Some(seal_place(&state, Some(access.grant), &list, place).await?)
        }
        None => None,
    };
    let view = |deployment: DeploymentSummary| DeploymentView {
        is_live: live.as_ref().map(|live| live.number) == Some(deployment.number),
        deployment,
    };
    let items: Vec<_> = deployments.into_iter().map(view).collect();
    response::json(StatusCode::OK, &ListPage { items, next })
}

/// Makes an earlier deployment live again. The draft stays as it is.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/chatbots/{id}/deployments/{number}/activate",
    operation_id = "activate_deployment",
    tag = "Chatbots",
    params(("id" = BotId, Path), ("number" = u32, Path)),
    responses(
        (status = 200, description = "The deployment that is live now.", body = LiveView),
        WriteRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn activate_deployment(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    PathPair(BotParam(id), DeploymentParam(number)): PathPair<BotParam, DeploymentParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.require(Action::WriteBots)?;
    access.require_bot(id)?;
    let tenant = state.store()?.tenant(access.grant);
    for _ in 0..MAX_CAS_ATTEMPTS {
        let now = state.clock.now();
        let bot = tenant.require_bot(id).await?;
        let before = tenant.find_live_row(id).await?;
        let before = before.ok_or_else(|| Error::not_found("deployment"))?;
        let wanted = tenant.find_deployment(id, number).await?;
        let wanted = wanted.as_ref().map(Deployment::summary);
        let live = before.activate(number, wanted.as_slice())?;
        if live == before {
            return render(&state, &request, StatusCode::OK, &live);
        }
        let entry = AuditEntry::new(&access, "chatbot.rolled_back", id, correlation_id)
            .with_change(Some(&before), Some(&live))?;
        let audit = tenant.audit(&entry, now)?;
        if tenant.save_live(&bot, &before, &live, audit).await? == SaveOutcome::Saved {
            return render(&state, &request, StatusCode::OK, &live);
        }
    }
    Err(contended())
}

#[cfg(test)]
use crate::contract::{BadRequest, BodyRefusals, OnceRefusals, ReadRefusals, WriteRefusals};
