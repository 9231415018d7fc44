//! Changes of one conversation.

use std::{collections::BTreeMap, sync::Arc};

use confab_core::{CorrelationId, Error, Kind, Private, Result, UserId};
use confab_lambda::{
    Response,
    extract::{Json, Path},
    response,
};
use desk_domain::{
    Action, Command, ConversationPatch, Csat, EndReason, Handler, HandoffReason, Head, MessageText,
    Principal, TeamId, check_answers, may,
};
use http::StatusCode;
use serde::Deserialize;

use super::render_head;
use crate::{
    extract::ConversationParam,
    services::{
        conversation_access::{Reader, open_to_read, open_to_write},
        conversations::{apply_over, fill_prechat, patch},
        greeting::find_bot,
    },
    state::State,
    store::Tenant,
};

type Conversation = Path<ConversationParam>;

pub(super) async fn patch_head(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Conversation,
    Json(body): Json<ConversationPatch>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    reader.staff()?;
    let tenant = state.store()?.tenant(reader.grant());
    let (head, author) = open_to_write(&state, tenant, &reader, id).await?;
    require_assignee(tenant, body.assignee.flatten()).await?;
    require_team(tenant, body.team.flatten()).await?;
    let changed = patch(&state, tenant, head, &body, &author, correlation_id).await?;
    render_head(&state, &reader, StatusCode::OK, &changed)
}

/// Refuses an assignee who could not read the conversation.
async fn require_assignee(tenant: Tenant<'_>, assignee: Option<UserId>) -> Result<()> {
    let Some(user) = assignee else {
        return Ok(());
    };
    let member = tenant.find_member(user).await?;
    let is_agent = member.is_some_and(|member| {
        let principal = Principal::Member(member.role);
        may(principal, Action::WriteConversations)
    });
    if is_agent {
        return Ok(());
    }
    let message = "Only an agent of this workspace can be assigned.";
    Err(Error::new(Kind::Unprocessable, "unknown_assignee", message))
}

async fn require_team(tenant: Tenant<'_>, team: Option<TeamId>) -> Result<()> {
    let Some(id) = team else {
        return Ok(());
    };
    if tenant.find_team(id).await?.is_some() {
        return Ok(());
    }
    let message = "There is no such team.";
    Err(Error::new(Kind::Unprocessable, "unknown_team", message))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndBody {
    reason: EndReason,
    /// By default, the bot's settings decide. Visitors have no say.
    #[serde(default)]
    ask_csat: Option<bool>,
}

pub(super) async fn end(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Conversation,
    Json(body): Json<EndBody>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let tenant = state.store()?.tenant(reader.grant());
    let (head, author) = open_to_write(&state, tenant, &reader, id).await?;
    let ask_csat = match body.ask_csat.filter(|_| !reader.is_visitor()) {
        Some(asked) => asked,
        None => asks_csat(&state, tenant, &head).await?,
    };
    let end = [Command::End {
        reason: body.reason,
        ask_csat,
    }];
    let ended = apply_over(&state, tenant, head, &end, &author, correlation_id).await?;
    render_head(&state, &reader, StatusCode::OK, &ended)
}

async fn asks_csat(state: &State, tenant: Tenant<'_>, head: &Head) -> Result<bool> {
    let Some(id) = head.bot_id else {
        return Ok(false);
    };
    let bot = find_bot(state, tenant, id).await?;
    Ok(bot.is_some_and(|bot| bot.settings.csat))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrechatBody {
    answers: BTreeMap<String, Private<String>>,
}

pub(super) async fn prechat(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Conversation,
    Json(body): Json<PrechatBody>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    if !reader.is_visitor() {
        return Err(Error::forbidden("Visitors fill in the form themselves."));
    }
    let tenant = state.store()?.tenant(reader.grant());
    let (head, author) = open_to_write(&state, tenant, &reader, id).await?;
    let no_form = || Error::conflict("no_form", "This conversation has no form.");
    let bot = find_bot(&state, tenant, head.bot_id.ok_or_else(no_form)?).await?;
    let bot = bot.ok_or_else(no_form)?;
    let answers = check_answers(&bot.settings.prechat, &body.answers)?;
    let filled = fill_prechat(&state, tenant, head, &answers, &author, correlation_id).await?;
    render_head(&state, &reader, StatusCode::OK, &filled)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HandoffBody {
    to: Handler,
    #[serde(default)]
    reason: Option<HandoffReason>,
    #[serde(default)]
    team: Option<TeamId>,
}

pub(super) async fn hand_off(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Conversation,
    Json(body): Json<HandoffBody>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let tenant = state.store()?.tenant(reader.grant());
    let (head, author) = open_to_write(&state, tenant, &reader, id).await?;
    let usual = if reader.is_visitor() {
        HandoffReason::Asked
    } else {
        require_team(tenant, body.team).await?;
        HandoffReason::Assigned
    };
    let command = match body.to {
        Handler::Human => Command::HandToHuman {
            reason: body.reason.unwrap_or(usual),
            team: body.team,
        },
        Handler::Bot => Command::HandToBot,
    };
    let changed = apply_over(&state, tenant, head, &[command], &author, correlation_id).await?;
    render_head(&state, &reader, StatusCode::OK, &changed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadBody {
    /// The highest number that was shown.
    seq: u64,
}

pub(super) async fn read(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Conversation,
    Json(body): Json<ReadBody>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let tenant = state.store()?.tenant(reader.grant());
    let (head, author) = open_to_write(&state, tenant, &reader, id).await?;
    let read = [Command::Read { seq: body.seq }];
    let changed = apply_over(&state, tenant, head, &read, &author, correlation_id).await?;
    render_head(&state, &reader, StatusCode::OK, &changed)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CsatBody {
    score: u8,
    #[serde(default)]
    comment: Private<String>,
}

pub(super) async fn rate(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Conversation,
    Json(body): Json<CsatBody>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let csat = Csat::parse(body.score, body.comment.as_str())?;
    let tenant = state.store()?.tenant(reader.grant());
    let (head, author) = open_to_write(&state, tenant, &reader, id).await?;
    let rate = [Command::Rate(csat)];
    let rated = apply_over(&state, tenant, head, &rate, &author, correlation_id).await?;
    render_head(&state, &reader, StatusCode::OK, &rated)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftBody {
    text: Private<String>,
}

/// Keeps what an agent has typed. An empty text removes it.
pub(super) async fn save_draft(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Conversation,
    Json(body): Json<DraftBody>,
) -> Result<Response> {
    let access = reader.staff()?;
    access.require(Action::WriteConversations)?;
    let (user, _) = access.member()?;
    let tenant = state.store()?.tenant(reader.grant());
    open_to_read(tenant, &reader, id).await?;
    if body.text.as_str().trim().is_empty() {
        tenant.delete_draft(id, user).await?;
    } else {
        let text = MessageText::parse(body.text.as_str())?;
        tenant
            .save_draft(id, user, &text, state.clock.now())
            .await?;
    }
    Ok(response::empty(StatusCode::NO_CONTENT))
}
