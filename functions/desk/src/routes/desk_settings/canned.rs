//! Canned replies, by their shortcuts.

use std::sync::Arc;

use confab_core::{CorrelationId, Result};
use confab_lambda::{
    Response,
    extract::{Json, Path},
    response,
};
use desk_domain::{Action, CannedInput, CannedReply};
use http::StatusCode;

use crate::{
    auth::Access,
    services::{
        cursors::ListPage,
        inbox_settings::{create_setting, delete_setting, update_setting},
        memberships::{confirm_role, require_teams},
    },
    state::State,
};

/// Lists all replies: clients search them while an agent types.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/canned",
    operation_id = "list_canned_replies",
    tag = "Inbox settings",
    responses(
        (status = 200, description = "All canned replies.", body = ListPage<CannedReply>),
        ReadRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn list_canned(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::ReadSettings)?;
    let tenant = state.store()?.tenant(access.grant);
    let items = tenant.list_canned_replies().await?;
    response::json(StatusCode::OK, &ListPage { items, next: None })
}

/// Creates a reply. The shortcut is the idempotency key.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/canned",
    operation_id = "create_canned_reply",
    tag = "Inbox settings",
    request_body = CannedInput,
    responses(
        (status = 201, description = "The new reply.", body = CannedReply),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn create_canned(
    state: Arc<State>,
    access: Access,
    Json(input): Json<CannedInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteSettings).await?;
    let reply = CannedReply::new(&input)?;
    require_team(&state, &access, &input).await?;
    let reply = create_setting(&state, &access, &reply, correlation_id).await?;
    response::json(StatusCode::CREATED, &reply)
}

#[cfg_attr(test, utoipa::path(
    put,
    path = "/canned/{shortcut}",
    operation_id = "update_canned_reply",
    tag = "Inbox settings",
    params(("shortcut" = String, Path)),
    request_body = CannedInput,
    responses(
        (status = 200, description = "The changed reply.", body = CannedReply),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn update_canned(
    state: Arc<State>,
    access: Access,
    Path(shortcut): Path<String>,
    Json(input): Json<CannedInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteSettings).await?;
    require_team(&state, &access, &input).await?;
    let replace = |reply: &CannedReply| reply.with_update(&input);
    let reply = update_setting(&state, &access, &shortcut, correlation_id, replace).await?;
    response::json(StatusCode::OK, &reply)
}

#[cfg_attr(test, utoipa::path(
    delete,
    path = "/canned/{shortcut}",
    operation_id = "delete_canned_reply",
    tag = "Inbox settings",
    params(("shortcut" = String, Path)),
    responses((status = 204, description = "The reply is deleted."), WriteRefusals, Conflict),
    security(("access_token" = []))
))]
pub(crate) async fn delete_canned(
    state: Arc<State>,
    access: Access,
    Path(shortcut): Path<String>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteSettings).await?;
    let check = |_: &CannedReply| Ok(());
    delete_setting(&state, &access, &shortcut, correlation_id, check).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

async fn require_team(state: &State, access: &Access, input: &CannedInput) -> Result<()> {
    let teams = input.team.into_iter().collect();
    require_teams(state.store()?.tenant(access.grant), &teams).await
}

#[cfg(test)]
use crate::contract::{BodyRefusals, Conflict, ReadRefusals, WriteRefusals};
