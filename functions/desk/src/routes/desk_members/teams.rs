//! Teams.

use std::sync::Arc;

use confab_core::{CorrelationId, Result};
use confab_lambda::{
    Response,
    extract::{Json, Path, Whole},
    response,
};
use desk_domain::{Action, Team, TeamId, TeamInput};
use http::StatusCode;

use crate::{
    auth::Access,
    extract::TeamParam,
    services::{
        cursors::ListPage,
        idempotency::once,
        inbox_settings::{create_setting, delete_setting, update_setting},
        memberships::confirm_role,
    },
    state::State,
};

#[cfg_attr(test, utoipa::path(
    get,
    path = "/teams",
    operation_id = "list_teams",
    tag = "Members",
    responses((status = 200, description = "All teams.", body = ListPage<Team>), ReadRefusals),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn list_teams(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::ReadMembers)?;
    let items = state.store()?.tenant(access.grant).list_teams().await?;
    response::json(StatusCode::OK, &ListPage { items, next: None })
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/teams",
    operation_id = "create_team",
    tag = "Members",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key gets the first answer"),
    ),
    request_body = TeamInput,
    responses(
        (status = 201, description = "The new team.", body = Team),
        BodyRefusals,
        OnceRefusals,
        WriteRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn create_team(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    Json(input): Json<TeamInput>,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteMembers).await?;
    let (state, access, input) = (&state, &access, &input);
    let correlation_id = request.correlation_id;
    once(
        state,
        access.grant,
        "POST /teams",
        &request,
        |attempt| async move {
            let team = Team::new(TeamId::new(attempt.started_at, &attempt), input)?;
            let team = create_setting(state, access, &team, correlation_id).await?;
            response::json(StatusCode::CREATED, &team)
        },
    )
    .await
}

#[cfg_attr(test, utoipa::path(
    put,
    path = "/teams/{id}",
    operation_id = "update_team",
    tag = "Members",
    params(("id" = TeamId, Path)),
    request_body = TeamInput,
    responses(
        (status = 200, description = "The changed team.", body = Team),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn update_team(
    state: Arc<State>,
    access: Access,
    Path(TeamParam(id)): Path<TeamParam>,
    Json(input): Json<TeamInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteMembers).await?;
    let id = id.to_string();
    let rename = |team: &Team| team.with_update(&input);
    let team = update_setting(&state, &access, &id, correlation_id, rename).await?;
    response::json(StatusCode::OK, &team)
}

/// Deletes a team. Members keep its id, which lists do not show any more.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/teams/{id}",
    operation_id = "delete_team",
    tag = "Members",
    params(("id" = TeamId, Path)),
    responses((status = 204, description = "The team is deleted."), WriteRefusals, Conflict),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn delete_team(
    state: Arc<State>,
    access: Access,
    Path(TeamParam(id)): Path<TeamParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteMembers).await?;
    let id = id.to_string();
    let check = |_: &Team| Ok(());
    delete_setting(&state, &access, &id, correlation_id, check).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
use crate::contract::{BodyRefusals, Conflict, OnceRefusals, ReadRefusals, WriteRefusals};
