//! `/members`, `/invitations` and `/teams`: who works in a workspace, and as what.

pub(crate) mod invitations;
pub(crate) mod teams;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use confab_core::{CorrelationId, Private, Result, Timestamp, UserId};
use confab_lambda::{
    Response, Router,
    extract::{Json, Path, Query},
    response,
};
use desk_domain::{
    Action, Availability, EmailAddress, Member, NotificationSettings, Person, Role, TeamId,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    auth::Access,
    extract::MemberParam,
    services::{
        cursors::{ListPage, open_place, page_limit, seal_place},
        memberships::{
            MemberPatch, change_member, change_own_membership, remove_member, require_teams,
        },
    },
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::Broadcasts,
    Part::Mails,
    Part::ConsoleUrl,
    Part::DynamoDbConnection,
];

/// The name of the list in its cursors.
const MEMBERS: &str = "members";

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct PageQuery {
    limit: Option<u16>,
    after: Option<String>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberChange {
    #[serde(default)]
    role: Option<Role>,
    #[serde(default)]
    teams: Option<BTreeSet<TeamId>>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnMembership {
    availability: Availability,
    notify: NotificationSettings,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Member"), schema(as = Member))]
pub(crate) struct MemberView {
    user_id: UserId,
    /// Absent for an account that was closed.
    name: Option<Private<String>>,
    email: Option<EmailAddress>,
    role: Role,
    teams: BTreeSet<TeamId>,
    availability: Availability,
    joined_at: Timestamp,
    /// For the member alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    notify: Option<NotificationSettings>,
}

impl MemberView {
    fn new(member: Member, person: Option<&Person>, caller: Option<UserId>) -> Self {
        Self {
            user_id: member.user,
            name: person.map(|person| person.name.clone()),
            email: person.map(|person| person.email.clone()),
            role: member.role,
            availability: member.availability,
            joined_at: member.joined_at,
            notify: (caller == Some(member.user)).then_some(member.notify),
            teams: member.teams,
        }
    }
}

pub fn routes() -> Router<State> {
    Router::new()
        .page_origin(State::console_origin)
        .route("GET /members", list_members)
        .route("PUT /members/me", update_own_membership)
        .route("PATCH /members/{user_id}", update_member)
        .route("DELETE /members/{user_id}", delete_member)
        .route("GET /invitations", invitations::list_invitations)
        .route("POST /invitations", invitations::create_invitation)
        .route("POST /invitations/accept", invitations::accept_invitation)
        .route("DELETE /invitations/{id}", invitations::delete_invitation)
        .route("GET /teams", teams::list_teams)
        .route("POST /teams", teams::create_team)
        .route("PUT /teams/{id}", teams::update_team)
        .route("DELETE /teams/{id}", teams::delete_team)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/members",
    operation_id = "list_members",
    tag = "Members",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of members.", body = ListPage<MemberView>),
        BadRequest,
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn list_members(
    state: Arc<State>,
    access: Access,
    Query(page): Query<PageQuery>,
) -> Result<Response> {
    access.require(Action::ReadMembers)?;
    let limit = usize::from(page_limit(page.limit)?);
    let after = match &page.after {
        Some(cursor) => Some(open_place(&state, Some(access.grant), MEMBERS, cursor).await?),
        None => None,
    };
    let tenant = state.store()?.tenant(access.grant);
    let mut members = tenant.list_members(after.as_deref(), limit + 1).await?;
    let has_more = members.len() > limit;
    members.truncate(limit);
    let next = match members.last() {
        Some(last) if has_more => {
            let place = last.user.to_string();
            Some(seal_place(&state, Some(access.grant), MEMBERS, place).await?)
        }
        _ => None,
    };
    let items = render_members(&state, &access, members).await?;
    response::json(StatusCode::OK, &ListPage { items, next })
}

/// Adds names and addresses, which are those of the people, and drops teams that were deleted.
async fn render_members(
    state: &State,
    access: &Access,
    members: Vec<Member>,
) -> Result<Vec<MemberView>> {
    let store = state.store()?;
    let tenant = store.tenant(access.grant);
    let users: Vec<_> = members.iter().map(|member| member.user).collect();
    let (people, teams): (BTreeMap<UserId, Person>, _) =
        tokio::try_join!(store.people_by_id(&users), tenant.list_teams())?;
    let teams: BTreeSet<_> = teams.into_iter().map(|team| team.id).collect();
    let views = members.into_iter().map(|mut member| {
        member.teams.retain(|team| teams.contains(team));
        let person = people.get(&member.user);
        MemberView::new(member, person, access.user())
    });
    Ok(views.collect())
}

async fn render_member(state: &State, access: &Access, member: Member) -> Result<Response> {
    let mut views = render_members(state, access, vec![member]).await?;
    response::json(StatusCode::OK, &views.pop())
}

#[cfg_attr(test, utoipa::path(
    patch,
    path = "/members/{user_id}",
    operation_id = "update_member",
    tag = "Members",
    params(("user_id" = UserId, Path)),
    request_body = MemberChange,
    responses(
        (status = 200, description = "The changed member.", body = MemberView),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn update_member(
    state: Arc<State>,
    access: Access,
    Path(MemberParam(user)): Path<MemberParam>,
    Json(MemberChange { role, teams }): Json<MemberChange>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.require(Action::WriteMembers)?;
    if let Some(teams) = &teams {
        require_teams(state.store()?.tenant(access.grant), teams).await?;
    }
    let patch = MemberPatch { role, teams };
    let member = change_member(&state, &access, user, &patch, correlation_id).await?;
    render_member(&state, &access, member).await
}

/// Removes a member. Everyone may leave.
#[cfg_attr(test, utoipa::path(
    delete,
    path = "/members/{user_id}",
    operation_id = "delete_member",
    tag = "Members",
    params(("user_id" = UserId, Path)),
    responses((status = 204, description = "The member is removed."), WriteRefusals, Conflict),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn delete_member(
    state: Arc<State>,
    access: Access,
    Path(MemberParam(user)): Path<MemberParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let is_self = access.user() == Some(user);
    access.require(if is_self {
        Action::WriteOwnMembership
    } else {
        Action::WriteMembers
    })?;
    remove_member(&state, &access, user, correlation_id).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

#[cfg_attr(test, utoipa::path(
    put,
    path = "/members/me",
    operation_id = "update_own_membership",
    tag = "Members",
    request_body = OwnMembership,
    responses(
        (status = 200, description = "The member who asks.", body = MemberView),
        BodyRefusals,
        WriteRefusals,
        Conflict,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn update_own_membership(
    state: Arc<State>,
    access: Access,
    Json(own): Json<OwnMembership>,
) -> Result<Response> {
    access.require(Action::WriteOwnMembership)?;
    let (user, _) = access.member()?;
    let tenant = state.store()?.tenant(access.grant);
    let set = |member: &Member| member.set_presence(own.availability, own.notify);
    let member = change_own_membership(tenant, user, set).await?;
    render_member(&state, &access, member).await
}

#[cfg(test)]
use crate::contract::{BadRequest, BodyRefusals, Conflict, ReadRefusals, WriteRefusals};
