//! Invitations, and their acceptance.

use std::{collections::BTreeSet, sync::Arc};

use confab_core::{CorrelationId, Error, Result, TenantId, Timestamp, UserId};
use confab_lambda::{
    Response,
    extract::{Json, Path, Whole},
    response,
};
use desk_domain::{Action, EmailAddress, Invitation, InvitationId, Role, SessionClient, TeamId};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Access, OptionalSignedIn},
    extract::InvitationParam,
    services::{
        cookies::require_own_page,
        cursors::ListPage,
        idempotency::once,
        invitation_acceptance::{NewAccount, accept_as_new_person, accept_signed_in},
        invitations::{InvitationRequest, invite, revoke_invitation},
        sign_in::begin_session,
    },
    state::State,
};

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitation {
    email: String,
    role: Role,
    #[serde(default)]
    #[cfg_attr(test, ts(as = "Option<BTreeSet<TeamId>>"))]
    teams: BTreeSet<TeamId>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptanceRequest {
    /// Of the link.
    token: String,
    /// For a new account.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    client: Option<SessionClient>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Invitation"), schema(as = Invitation))]
pub(crate) struct InvitationView {
    id: InvitationId,
    email: EmailAddress,
    role: Role,
    teams: BTreeSet<TeamId>,
    invited_by: UserId,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            teams: invitation.teams,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// The new place of a person who was signed in. The next refresh may name the workspace.
#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "Joined"), schema(as = Joined))]
pub(crate) struct JoinedView {
    tenant_id: TenantId,
    role: Role,
}

/// Lists open invitations, which are fewer than the plan has seats.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/invitations",
    operation_id = "list_invitations",
    tag = "Members",
    responses(
        (status = 200, description = "All open invitations.", body = ListPage<InvitationView>),
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn list_invitations(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::WriteMembers)?;
    let now = state.clock.now();
    let mut invitations = state
        .store()?
        .tenant(access.grant)
        .list_invitations()
        .await?;
    invitations.retain(|invitation| invitation.is_open(now));
    let items: Vec<InvitationView> = invitations.into_iter().map(Into::into).collect();
    response::json(StatusCode::OK, &ListPage { items, next: None })
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/invitations",
    operation_id = "create_invitation",
    tag = "Members",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with the same key gets the first answer"),
    ),
    request_body = NewInvitation,
    responses(
        (status = 201, description = "The invitation. A mail is sent.", body = InvitationView),
        BodyRefusals,
        OnceRefusals,
        WriteRefusals,
    ),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn create_invitation(
    state: Arc<State>,
    access: Access,
    Whole(request): Whole,
    Json(new): Json<NewInvitation>,
) -> Result<Response> {
    access.require(Action::WriteMembers)?;
    let wanted = &InvitationRequest {
        email: EmailAddress::parse(&new.email)?,
        role: new.role,
        teams: new.teams,
    };
    let (state, access) = (&state, &access);
    let correlation_id = request.correlation_id;
    once(
        state,
        access.grant,
        "POST /invitations",
        &request,
        |attempt| async move {
            let invitation = invite(state, access, wanted, attempt, correlation_id).await?;
            response::json(StatusCode::CREATED, &InvitationView::from(invitation))
        },
    )
    .await
}

#[cfg_attr(test, utoipa::path(
    delete,
    path = "/invitations/{id}",
    operation_id = "delete_invitation",
    tag = "Members",
    params(("id" = InvitationId, Path)),
    responses((status = 204, description = "The invitation is revoked."), WriteRefusals, Conflict),
    security(("access_token" = []), ("api_key" = []))
))]
pub(crate) async fn delete_invitation(
    state: Arc<State>,
    access: Access,
    Path(InvitationParam(id)): Path<InvitationParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    access.require(Action::WriteMembers)?;
    revoke_invitation(&state, &access, id, correlation_id).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// Accepts an invitation. A new person is signed in by it.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/invitations/accept",
    operation_id = "accept_invitation",
    tag = "Members",
    request_body = AcceptanceRequest,
    responses(
        (status = 200, description = "The new place of a person who was signed in, or the session of a new person.", body = AcceptanceAnswer),
        BodyRefusals,
        Unauthorized,
        PaymentRequired,
        Forbidden,
        NotFound,
        Conflict,
        RateLimited,
    ),
    security((), ("access_token" = []))
))]
pub(crate) async fn accept_invitation(
    state: Arc<State>,
    OptionalSignedIn(signed_in): OptionalSignedIn,
    Whole(request): Whole,
    Json(acceptance): Json<AcceptanceRequest>,
) -> Result<Response> {
    let token = &acceptance.token;
    if let Some(signed_in) = signed_in {
        let accepted = accept_signed_in(&state, &request, token, signed_in).await?;
        let joined = JoinedView {
            tenant_id: accepted.tenant,
            role: accepted.member.role,
        };
        return response::json(StatusCode::OK, &joined);
    }
    let (Some(name), Some(password)) = (&acceptance.name, &acceptance.password) else {
        let message = "Sign in, or choose a name and a password.";
        return Err(Error::unauthenticated(message));
    };
    let client = acceptance.client.unwrap_or(SessionClient::Browser);
    if client == SessionClient::Browser {
        require_own_page(&state, &request)?;
    }
    let account = NewAccount { name, password };
    let accepted = accept_as_new_person(&state, &request, token, account).await?;
    let tenant = Some(accepted.tenant);
    begin_session(&state, &request, &accepted.person, tenant, client).await
}

#[cfg(test)]
use crate::contract::{
    AcceptanceAnswer, BodyRefusals, Conflict, Forbidden, NotFound, OnceRefusals, PaymentRequired,
    RateLimited, ReadRefusals, Unauthorized, WriteRefusals,
};
