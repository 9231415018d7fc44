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
        memberships::confirm_role,
    },
    state::State,
};

/// Returns the agent who edits views, with the stored role. Keys have none.
async fn editor(state: &State, access: Access) -> Result<(Access, ViewEditor)> {
    let access = confirm_role(state, access, Action::WriteOwnViews).await?;
    let (user, _) = access.member()?;
    let editor = ViewEditor {
        user,
        is_admin: access.may(Action::WriteSettings),
    };
    Ok((access, editor))
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/views",
    operation_id = "list_views",
    tag = "Inbox settings",
    responses(
        (status = 200, description = "The views of the agent, and those that are shared.", body = ListPage<SavedView>),
        ReadRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn list_views(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::ReadSettings)?;
    let (user, _) = access.member()?;
    let tenant = state.store()?.tenant(access.grant);
    let mut items: Vec<SavedView> = tenant.list_settings().await?;
    items.retain(|view| view.is_visible_to(user));
    response::json(StatusCode::OK, &ListPage { items, next: None })
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/views",
    operation_id = "create_view",
    tag = "Inbox settings",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key gets the first answer"),
    ),
    request_body = ViewInput,
    responses(
        (status = 201, description = "The new view.", body = SavedView),
        BodyRefusals,
        OnceRefusals,
        WriteRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn create_view(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    Json(input): Json<ViewInput>,
) -> Result<Response> {
    let (access, editor) = editor(&state, access).await?;
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

#[cfg_attr(test, utoipa::path(
    put,
    path = "/views/{id}",
    operation_id = "update_view",
    tag = "Inbox settings",
    params(("id" = ViewId, Path)),
    request_body = ViewInput,
    responses(
        (status = 200, description = "The changed view.", body = SavedView),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn update_view(
    state: Arc<State>,
    access: Access,
    Path(ViewParam(id)): Path<ViewParam>,
    Json(input): Json<ViewInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let (access, editor) = editor(&state, access).await?;
    let id = id.to_string();
    let replace = |view: &SavedView| view.with_update(&input, editor);
    let view = update_setting(&state, &access, &id, correlation_id, replace).await?;
    response::json(StatusCode::OK, &view)
}

#[cfg_attr(test, utoipa::path(
    delete,
    path = "/views/{id}",
    operation_id = "delete_view",
    tag = "Inbox settings",
    params(("id" = ViewId, Path)),
    responses((status = 204, description = "The view is deleted."), WriteRefusals, Conflict),
    security(("access_token" = []))
))]
pub(crate) async fn delete_view(
    state: Arc<State>,
    access: Access,
    Path(ViewParam(id)): Path<ViewParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let (access, editor) = editor(&state, access).await?;
    let id = id.to_string();
    let check = |view: &SavedView| view.authorize_edit(editor);
    delete_setting(&state, &access, &id, correlation_id, check).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
use crate::contract::{BodyRefusals, Conflict, OnceRefusals, ReadRefusals, WriteRefusals};
