//! Sessions of people, what a token stands for, and API keys.

pub(crate) mod api_keys;
pub(crate) mod validation;

use std::sync::Arc;

use confab_core::{CorrelationId, Private, Result, TenantId};
use confab_lambda::{
    ApiRequest, Response, Router,
    extract::{Json, Path, Query, Whole},
    response,
};
use desk_domain::{EmailAddress, MAX_SESSION_AGE, RefreshToken, SessionSummary, login_methods};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    auth::SignedIn,
    extract::SessionParam,
    services::{
        cookies::{clear_session_cookie, require_own_page, session_cookie},
        session_refresh,
        sessions::require_live,
        sign_in::{PersonView, session_over},
        sign_outs::{self, SessionProof},
    },
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::Mails,
    Part::Broadcasts,
    Part::DynamoDbConnection,
];

/// Gateways keep the public keys for five minutes. A new key is listed for longer before it signs.
const KEYS_CACHE: &str = "public, max-age=300";

pub fn routes() -> Router<State> {
    Router::new()
        .route("POST /auth/refresh", refresh)
        .route("POST /auth/logout", log_out)
        .route("GET /auth/validate", validation::validate)
        .route("GET /auth/me", show_person)
        .route("GET /auth/methods", list_methods)
        .route("GET /auth/sessions", list_sessions)
        .route("DELETE /auth/sessions/{id}", end_session)
        .route("POST /auth/api-keys", api_keys::create_key)
        .route("GET /auth/api-keys", api_keys::list_keys)
        .route("DELETE /auth/api-keys/{id}", api_keys::delete_key)
        .route("GET /.well-known/jwks.json", show_public_keys)
        .page_origin(State::console_origin)
}

/// A list that is always whole.
#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema), schema(as = Page))]
pub(crate) struct WholeList<T> {
    items: Vec<T>,
    next: Option<String>,
}

impl<T> WholeList<T> {
    fn new(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

#[derive(Deserialize, Default)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Refresh {
    /// Of a mobile client. Browsers send a cookie.
    refresh_token: Option<Private<String>>,
    tenant_id: Option<TenantId>,
}

#[derive(Deserialize, Default)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Logout {
    refresh_token: Option<Private<String>>,
    /// Ends all sessions of the person.
    #[cfg_attr(test, ts(as = "Option<bool>"))]
    all: bool,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct MethodQuery {
    email: String,
}

/// Returns the refresh token of a request: that of the body, or the cookie of a browser, which our own page alone may
/// use.
fn presented_token(
    state: &State,
    request: &ApiRequest,
    body: Option<&Private<String>>,
) -> Result<Option<String>> {
    if let Some(token) = body {
        return Ok(Some(token.as_str().to_owned()));
    }
    let cookie = session_cookie(request);
    if cookie.is_some() {
        require_own_page(state, request)?;
    }
    Ok(cookie)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/auth/refresh",
    operation_id = "refresh_session",
    tag = "Sessions",
    request_body = Refresh,
    responses(
        (status = 200, description = "The session with its next access token.", body = SessionView),
        BodyRefusals,
        Unauthorized,
        Forbidden,
        NotFound,
        RateLimited,
    ),
    security((), ("session_cookie" = []))
))]
pub(crate) async fn refresh(
    state: Arc<State>,
    Json(refresh): Json<Refresh>,
    Whole(call): Whole,
) -> Result<Response> {
    let token = presented_token(&state, &call, refresh.refresh_token.as_ref())?;
    let token: RefreshToken = token.ok_or_else(session_over)?.parse()?;
    session_refresh::refresh(&state, &call, &token, refresh.tenant_id).await
}

/// Ends the session, if the request proves one. The answer is the same without one.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/auth/logout",
    operation_id = "log_out",
    tag = "Sessions",
    request_body = Option<Logout>,
    responses(
        (status = 204, description = "The session has ended, or there was none."),
        BodyRefusals,
        Forbidden,
    ),
    security((), ("session_cookie" = []), ("access_token" = []))
))]
pub(crate) async fn log_out(state: Arc<State>, Whole(call): Whole) -> Result<Response> {
    let logout: Logout = if call.body().is_empty() {
        Logout::default()
    } else {
        call.json()?
    };
    if let Some(proof) = find_proof(&state, &call, &logout).await? {
        sign_outs::log_out(&state, &proof, logout.all, call.correlation_id).await?;
    }
    let mut response = response::empty(StatusCode::NO_CONTENT);
    clear_session_cookie(&mut response)?;
    Ok(response)
}

async fn find_proof(
    state: &State,
    request: &ApiRequest,
    logout: &Logout,
) -> Result<Option<SessionProof>> {
    let token = presented_token(state, request, logout.refresh_token.as_ref())?;
    if let Some(token) = token.and_then(|token| token.parse().ok()) {
        return Ok(Some(SessionProof::Refresh(token)));
    }
    let Some(token) = request.bearer() else {
        return Ok(None);
    };
    match state.token_keys()?.verify(token).await {
        Ok(claims) => Ok(Some(SessionProof::Access {
            user: claims.sub,
            session: claims.sid,
        })),
        Err(error) if error.is_server_error() => Err(error),
        Err(_) => Ok(None),
    }
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/auth/me",
    operation_id = "show_me",
    tag = "Sessions",
    responses(
        (status = 200, description = "The person and their workspaces.", body = PersonView),
        SignedInRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn show_person(state: Arc<State>, signed_in: SignedIn) -> Result<Response> {
    let store = state.store()?;
    let person = store.find_person(signed_in.user).await?;
    let person = person.ok_or_else(session_over)?;
    let memberships = store.list_memberships(&person).await?;
    let tenant = signed_in.place.map(|(tenant, _)| tenant);
    let view = PersonView::new(&person, &memberships, tenant);
    response::json(StatusCode::OK, &view)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/auth/methods",
    operation_id = "list_login_methods",
    tag = "Sessions",
    params(MethodQuery),
    responses(
        (status = 200, description = "The ways to sign in with this address.", body = Vec<desk_domain::LoginMethod>),
        BadRequest,
    ),
    security(())
))]
pub(crate) async fn list_methods(Query(query): Query<MethodQuery>) -> Result<Response> {
    let email = EmailAddress::parse(&query.email)?;
    response::json(StatusCode::OK, &login_methods(&email))
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/auth/sessions",
    operation_id = "list_sessions",
    tag = "Sessions",
    responses(
        (status = 200, description = "The live sessions, the latest used first.", body = WholeList<SessionSummary>),
        SignedInRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn list_sessions(state: Arc<State>, signed_in: SignedIn) -> Result<Response> {
    let now = state.clock.now();
    let (current, person) = require_live(&state, signed_in.user, signed_in.session).await?;
    let families = state.store()?.list_families(person.id).await?;
    let families: Vec<_> = families
        .iter()
        .map(|family| family.as_of(&person, now))
        .collect();
    let list = SessionSummary::list(&families, current.id, MAX_SESSION_AGE, now);
    response::json(StatusCode::OK, &WholeList::new(list))
}

#[cfg_attr(test, utoipa::path(
    delete,
    path = "/auth/sessions/{id}",
    operation_id = "end_session",
    tag = "Sessions",
    params(("id" = desk_domain::SessionId, Path)),
    responses((status = 204, description = "The session has ended."), SignedInRefusals, NotFound),
    security(("access_token" = []))
))]
pub(crate) async fn end_session(
    state: Arc<State>,
    signed_in: SignedIn,
    Path(SessionParam(session)): Path<SessionParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    require_live(&state, signed_in.user, signed_in.session).await?;
    sign_outs::end_device(&state, signed_in.user, session, correlation_id).await?;
    let mut response = response::empty(StatusCode::NO_CONTENT);
    if session == signed_in.session {
        clear_session_cookie(&mut response)?;
    }
    Ok(response)
}

#[derive(Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub(crate) struct KeySet<T> {
    keys: Vec<T>,
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    operation_id = "show_public_keys",
    tag = "Sessions",
    responses(
        (status = 200, description = "The keys that verify access tokens.", body = KeySet<PublicKey>),
    ),
    security(())
))]
pub(crate) async fn show_public_keys(state: Arc<State>) -> Result<Response> {
    let keys = state.token_keys()?.public_keys().await?;
    let mut response = response::json(StatusCode::OK, &KeySet { keys })?;
    let cache = HeaderValue::from_static(KEYS_CACHE);
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    Ok(response)
}

#[cfg(test)]
use crate::contract::{
    BadRequest, BodyRefusals, Forbidden, NotFound, RateLimited, SignedInRefusals, Unauthorized,
};
#[cfg(test)]
use crate::{auth::PublicKey, services::sign_in::SessionView};
