//! Sign-ins: a new session, and the answer that its client gets.

use std::time::Duration;

use confab_core::{Error, Private, Result, TenantId, Timestamp, UserId};
use confab_lambda::{ApiRequest, Response, response};
use desk_domain::{
    ACCESS_TTL, AccessClaims, Device, EmailAddress, MAX_SESSION_AGE, Membership, Person,
    PlatformRole, RefreshToken, Role, Secret, SessionClient, SessionFamily, SessionId,
    choose_workspace,
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::cookies::set_session_cookie;
use crate::state::State;

/// A person with their workspaces, as `GET /auth/me` and each sign-in show them.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "PersonInfo"), schema(as = PersonInfo))]
pub(crate) struct PersonView {
    user: UserView,
    tenant_id: Option<TenantId>,
    role: Option<Role>,
    tenants: Vec<TenantView>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "User"), schema(as = User))]
pub(crate) struct UserView {
    id: UserId,
    email: EmailAddress,
    name: Private<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    platform_role: Option<PlatformRole>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "TenantSummary"), schema(as = TenantSummary))]
pub(crate) struct TenantView {
    id: TenantId,
    name: String,
    role: Role,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "SessionInfo"), schema(as = SessionInfo))]
pub(crate) struct SessionView {
    access_token: String,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    refresh_token: Option<String>,
    #[serde(flatten)]
    person: PersonView,
}

impl PersonView {
    /// Shows a person in one of their workspaces, or in none.
    pub(crate) fn new(
        person: &Person,
        memberships: &[Membership],
        tenant: Option<TenantId>,
    ) -> Self {
        let place = find_place(memberships, tenant);
        Self {
            user: UserView {
                id: person.id,
                email: person.email.clone(),
                name: person.name.clone(),
                platform_role: person.platform_role,
            },
            tenant_id: place.map(|place| place.tenant.id),
            role: place.map(|place| place.member.role),
            tenants: memberships.iter().map(TenantView::new).collect(),
        }
    }
}

impl TenantView {
    fn new(membership: &Membership) -> Self {
        Self {
            id: membership.tenant.id,
            name: membership.tenant.settings.name.clone(),
            role: membership.member.role,
        }
    }
}

fn find_place(memberships: &[Membership], tenant: Option<TenantId>) -> Option<&Membership> {
    let mut memberships = memberships.iter();
    memberships.find(|membership| Some(membership.tenant.id) == tenant)
}

/// Begins a session of a person who has proven who they are, in the named workspace or in the first one.
pub(crate) async fn begin_session(
    state: &State,
    request: &ApiRequest,
    person: &Person,
    tenant: Option<TenantId>,
    client: SessionClient,
) -> Result<Response> {
    let (store, now) = (state.store()?, state.clock.now());
    let source = request.source_ip().parse().ok();
    let device = Device::new(
        client,
        request.header("user-agent").unwrap_or_default(),
        source,
    );
    let id = SessionId::new(now, &state.entropy);
    let secret = Secret::new(&state.entropy);
    let family = SessionFamily::new(id, person.id, secret, device, now);
    let mut family = family.in_epoch(person.session_epoch);
    let memberships = store.list_memberships(person).await?;
    if let Some(place) = choose_workspace(&memberships, tenant, &family, source, now)? {
        family = family.switched_to(place.tenant.id);
    }
    store.create_family(&family).await?;
    let token = family.token();
    render_session(state, person, &memberships, &family, Some(&token)).await
}

/// Renders a session with its next access token, and with a refresh token unless the client keeps the one that it has.
pub(crate) async fn render_session(
    state: &State,
    person: &Person,
    memberships: &[Membership],
    family: &SessionFamily,
    refresh_token: Option<&RefreshToken>,
) -> Result<Response> {
    let now = state.clock.now();
    let place = find_place(memberships, family.tenant);
    let keys = state.token_keys()?;
    let role = place.map(|place| place.member.role);
    let claims = AccessClaims::new(keys.issuer(), family, role, now);
    let is_browser = family.device.client == SessionClient::Browser;
    let revealed = refresh_token.map(RefreshToken::reveal);
    let session = SessionView {
        access_token: keys.sign(&claims).await?,
        expires_in: ACCESS_TTL.as_secs(),
        refresh_token: revealed.clone().filter(|_| !is_browser),
        person: PersonView::new(person, memberships, claims.tid),
    };
    let mut response = response::json(StatusCode::OK, &session)?;
    forbid_storing(&mut response);
    if let Some(token) = revealed.filter(|_| is_browser) {
        set_session_cookie(&mut response, &token, time_left(family, place, now))?;
    }
    Ok(response)
}

fn time_left(family: &SessionFamily, place: Option<&Membership>, now: Timestamp) -> Duration {
    let length = place.map_or(MAX_SESSION_AGE, |place| {
        place.tenant.settings.security.session_length()
    });
    let seconds = family.expires_at(length).as_second() - now.as_second();
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

/// Keeps an answer with a secret out of all caches.
pub(crate) fn forbid_storing(response: &mut Response) {
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
}

/// The answer to a session that is over.
pub(crate) fn session_over() -> Error {
    Error::unauthenticated("Your session has expired. Sign in again.")
}
