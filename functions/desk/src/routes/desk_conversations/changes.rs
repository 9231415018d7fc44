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

#[cfg_attr(test, utoipa::path(
    patch,
    path = "/conversations/{conversation}",
    operation_id = "change_conversation",
    tag = "Conversations",
    params(("conversation" = desk_domain::ConversationId, Path)),
    request_body = ConversationPatch,
    responses(
        (status = 200, description = "The changed conversation.", body = Head),
        BodyRefusals,
        WriteRefusals,
        Conflict,
        Unprocessable,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn patch_head(
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
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields), ts(rename = "ConversationEnd"), schema(as = ConversationEnd))]
#[serde(deny_unknown_fields)]
pub(crate) struct EndBody {
    reason: EndReason,
    /// By default, the bot's settings decide. Visitors have no say.
    #[serde(default)]
    ask_csat: Option<bool>,
}

#[cfg_attr(test, utoipa::path(
    put,
    path = "/conversations/{conversation}/end",
    operation_id = "end_conversation",
    tag = "Conversations",
    params(("conversation" = desk_domain::ConversationId, Path)),
    request_body = EndBody,
    responses(
        (status = 200, description = "The changed conversation.", body = ConversationAnswer),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn end(
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
    Ok(bot.is_some_and(|bot| bot.settings().csat))
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "PrechatForm"), schema(as = PrechatForm))]
#[serde(deny_unknown_fields)]
pub(crate) struct PrechatBody {
    answers: BTreeMap<String, Private<String>>,
}

#[cfg_attr(test, utoipa::path(
    put,
    path = "/conversations/{conversation}/prechat",
    operation_id = "fill_prechat",
    tag = "Conversations",
    params(("conversation" = desk_domain::ConversationId, Path)),
    request_body = PrechatBody,
    responses(
        (status = 200, description = "The conversation.", body = desk_domain::VisitorHead),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("visitor_token" = []))
))]
pub(crate) async fn prechat(
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
    let answers = check_answers(&bot.settings().prechat, &body.answers)?;
    let filled = fill_prechat(&state, tenant, head, &answers, &author, correlation_id).await?;
    render_head(&state, &reader, StatusCode::OK, &filled)
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields), ts(rename = "Handoff"), schema(as = Handoff))]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoffBody {
    to: Handler,
    #[serde(default)]
    reason: Option<HandoffReason>,
    #[serde(default)]
    team: Option<TeamId>,
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/conversations/{conversation}/handoff",
    operation_id = "hand_off_conversation",
    tag = "Conversations",
    params(("conversation" = desk_domain::ConversationId, Path)),
    request_body = HandoffBody,
    responses(
        (status = 200, description = "The changed conversation.", body = ConversationAnswer),
        BodyRefusals,
        WriteRefusals,
        Conflict,
        Unprocessable,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn hand_off(
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
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "ReadUpTo"), schema(as = ReadUpTo))]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadBody {
    /// The highest number that was shown.
    seq: u64,
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/conversations/{conversation}/read",
    operation_id = "mark_conversation_read",
    tag = "Conversations",
    params(("conversation" = desk_domain::ConversationId, Path)),
    request_body = ReadBody,
    responses(
        (status = 200, description = "The changed conversation.", body = ConversationAnswer),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn read(
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
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields), ts(rename = "Rating"), schema(as = Rating))]
#[serde(deny_unknown_fields)]
pub(crate) struct CsatBody {
    score: u8,
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<String>"))]
    comment: Private<String>,
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/conversations/{conversation}/csat",
    operation_id = "rate_conversation",
    tag = "Conversations",
    params(("conversation" = desk_domain::ConversationId, Path)),
    request_body = CsatBody,
    responses(
        (status = 200, description = "The rated conversation.", body = desk_domain::VisitorHead),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("visitor_token" = []))
))]
pub(crate) async fn rate(
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
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Draft"), schema(as = Draft))]
#[serde(deny_unknown_fields)]
pub(crate) struct DraftBody {
    text: Private<String>,
}

/// Keeps what an agent has typed. An empty text removes it.
#[cfg_attr(test, utoipa::path(
    put,
    path = "/conversations/{conversation}/draft",
    operation_id = "save_draft",
    tag = "Conversations",
    params(("conversation" = desk_domain::ConversationId, Path)),
    request_body = DraftBody,
    responses(
        (status = 204, description = "The draft is saved, or removed if it is empty."),
        BodyRefusals,
        WriteRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn save_draft(
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

#[cfg(test)]
use crate::contract::{BodyRefusals, Conflict, ConversationAnswer, Unprocessable, WriteRefusals};
