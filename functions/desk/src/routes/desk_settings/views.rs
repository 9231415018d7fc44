//! Saved views of the inbox: an agent's own, and those that admins share.

use std::sync::Arc;

use confab_core::{CorrelationId, Result};
use confab_lambda::{
    Response,
    extract::{Json, Path, Whole},
    response,
};
use desk_domain::{Action, SavedView, ViewEditor, ViewId, ViewInput};
use http::StatusCode;

use crate::{
    auth::Access,
    extract::ViewParam,
    services::{
        cursors::ListPage,
        idempotency::once,
        inbox_settings::{create_setting, delete_setting, update_setting},
    },
    state::State,
};

/// Returns the agent who edits views. Keys have none.
fn editor(access: &Access) -> Result<ViewEditor> {
    access.require(Action::WriteOwnViews)?;
    let (user, _) = access.member()?;
    Ok(ViewEditor {
        user,
        is_admin: access.may(Action::WriteSettings),
    })
}

pub(super) async fn list_views(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::ReadSettings)?;
    let (user, _) = access.member()?;
    let tenant = state.store()?.tenant(access.grant);
    let mut items: Vec<SavedView> = tenant.list_settings().await?;
    items.retain(|view| view.is_visible_to(user));
    response::json(StatusCode::OK, &ListPage { items, next: None })
}

pub(super) async fn create_view(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    Json(input): Json<ViewInput>,
) -> Result<Response> {
    let editor = editor(&access)?;
    let (state, access, input) = (&state, &access, &input);
    let correlation_id = request.correlation_id;
    once(
        state,
        access.grant,
        "POST /views",
        &request,
        |attempt| async move {
            let id = ViewId::new(attempt.started_at, &attempt);
            let view = SavedView::new(id, input, editor)?;
            let view = create_setting(state, access, &view, correlation_id).await?;
            response::json(StatusCode::CREATED, &view)
        },
    )
    .await
}

pub(super) async fn update_view(
    state: Arc<State>,
    access: Access,
    Path(ViewParam(id)): Path<ViewParam>,
    Json(input): Json<ViewInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let (editor, id) = (editor(&access)?, id.to_string());
    let replace = |view: &SavedView| view.with_update(&input, editor);
    let view = update_setting(&state, &access, &id, correlation_id, replace).await?;
    response::json(StatusCode::OK, &view)
}

pub(super) async fn delete_view(
    state: Arc<State>,
    access: Access,
    Path(ViewParam(id)): Path<ViewParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let (editor, id) = (editor(&access)?, id.to_string());
    let check = |view: &SavedView| view.authorize_edit(editor);
    delete_setting(&state, &access, &id, correlation_id, check).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}
