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
    },
    state::State,
};

pub(super) async fn list_teams(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::ReadMembers)?;
    let items = state.store()?.tenant(access.grant).list_teams().await?;
    response::json(StatusCode::OK, &ListPage { items, next: None })
}

pub(super) async fn create_team(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    Json(input): Json<TeamInput>,
) -> Result<Response> {
    access.require(Action::WriteMembers)?;
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

pub(super) async fn update_team(
    state: Arc<State>,
    access: Access,
    Path(TeamParam(id)): Path<TeamParam>,
    Json(input): Json<TeamInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.require(Action::WriteMembers)?;
    let id = id.to_string();
    let rename = |team: &Team| team.with_update(&input);
    let team = update_setting(&state, &access, &id, correlation_id, rename).await?;
    response::json(StatusCode::OK, &team)
}

/// Deletes a team. Members keep its id, which lists do not show any more.
pub(super) async fn delete_team(
    state: Arc<State>,
    access: Access,
    Path(TeamParam(id)): Path<TeamParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.require(Action::WriteMembers)?;
    let id = id.to_string();
    let check = |_: &Team| Ok(());
    delete_setting(&state, &access, &id, correlation_id, check).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}
