//! Tags that are offered for conversations.

use std::sync::Arc;

use confab_core::{CorrelationId, Result};
use confab_lambda::{
    Response,
    extract::{Json, Path},
    response,
};
use desk_domain::{Action, Tag, TagInput};
use http::StatusCode;

use crate::{
    auth::Access,
    services::{
        cursors::ListPage,
        inbox_settings::{create_setting, delete_setting, update_setting},
        memberships::confirm_role,
    },
    state::State,
};

#[cfg_attr(test, utoipa::path(
    get,
    path = "/tags",
    operation_id = "list_tags",
    tag = "Inbox settings",
    responses(
        (status = 200, description = "All tags, by name.", body = ListPage<Tag>),
        ReadRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn list_tags(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::ReadSettings)?;
    let mut items = state.store()?.tenant(access.grant).list_tags().await?;
    items.sort_by(|one, other| one.name.cmp(&other.name));
    response::json(StatusCode::OK, &ListPage { items, next: None })
}

/// Creates a tag. Its name is the idempotency key.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/tags",
    operation_id = "create_tag",
    tag = "Inbox settings",
    request_body = TagInput,
    responses(
        (status = 201, description = "The new tag.", body = Tag),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn create_tag(
    state: Arc<State>,
    access: Access,
    Json(input): Json<TagInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteSettings).await?;
    let tag = Tag::new(&input)?;
    let tag = create_setting(&state, &access, &tag, correlation_id).await?;
    response::json(StatusCode::CREATED, &tag)
}

#[cfg_attr(test, utoipa::path(
    put,
    path = "/tags/{id}",
    operation_id = "update_tag",
    tag = "Inbox settings",
    params(("id" = String, Path)),
    request_body = TagInput,
    responses(
        (status = 200, description = "The changed tag.", body = Tag),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn update_tag(
    state: Arc<State>,
    access: Access,
    Path(id): Path<String>,
    Json(input): Json<TagInput>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteSettings).await?;
    let replace = |tag: &Tag| tag.with_update(&input);
    let tag = update_setting(&state, &access, &id, correlation_id, replace).await?;
    response::json(StatusCode::OK, &tag)
}

/// Deletes a tag from the offer. Conversations keep it.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/tags/{id}",
    operation_id = "delete_tag",
    tag = "Inbox settings",
    params(("id" = String, Path)),
    responses((status = 204, description = "The tag is offered no more."), WriteRefusals, Conflict),
    security(("access_token" = []))
))]
pub(crate) async fn delete_tag(
    state: Arc<State>,
    access: Access,
    Path(id): Path<String>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let access = confirm_role(&state, access, Action::WriteSettings).await?;
    let check = |_: &Tag| Ok(());
    delete_setting(&state, &access, &id, correlation_id, check).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
use crate::contract::{BodyRefusals, Conflict, ReadRefusals, WriteRefusals};
