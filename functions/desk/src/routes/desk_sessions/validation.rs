//! `GET /auth/validate`: what a token stands for now, for gateways. Ended sessions and former members are refused.

use std::sync::Arc;

use confab_core::{Error, Result, TenantId, Timestamp, UserId};
use confab_lambda::{
    ApiRequest, Response,
    extract::{FromRequest, Query, Whole},
    response,
};
use desk_domain::{Role, Scope, Scopes, scopes_of_role};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    auth::{Access, Caller, SignedIn, TenantState, VisitorAccess},
    services::{
        sessions::require_live,
        sign_in::{forbid_storing, session_over},
    },
    state::State,
};

#[derive(Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct ValidationQuery {
    scope: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenKind {
    User,
    Key,
    Visitor,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct Validation {
    kind: TokenKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    user_id: Option<UserId>,
    tenant_id: Option<TenantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    role: Option<Role>,
    scopes: Scopes,
    /// When the token expires by itself. `None` is a key without an end, and a visitor, whose token is renewed.
    expires_at: Option<Timestamp>,
}

/// With a scope, a token that does not have it is refused.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/auth/validate",
    operation_id = "validate_token",
    tag = "Sessions",
    params(ValidationQuery),
    responses(
        (status = 200, description = "What the token stands for now.", body = Validation),
        ReadRefusals,
        BadRequest,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn validate(
    state: Arc<State>,
    Query(query): Query<ValidationQuery>,
    Whole(call): Whole,
) -> Result<Response> {
    let wanted = query
        .scope
        .as_deref()
        .map(str::parse::<Scope>)
        .transpose()?;
    let token = call
        .bearer()
        .ok_or_else(|| Error::unauthenticated("There is no token."))?;
    let validation = if token.starts_with("desk_sk_") {
        validate_key(&state, &call).await?
    } else if token.matches('.').count() == 2 {
        validate_user(&state, &call).await?
    } else {
        validate_visitor(&state, &call).await?
    };
    if wanted.is_some_and(|scope| !validation.scopes.contains(scope)) {
        return Err(Error::forbidden("This token does not have the scope."));
    }
    let mut response = response::json(StatusCode::OK, &validation)?;
    forbid_storing(&mut response);
    Ok(response)
}

async fn validate_key(state: &Arc<State>, request: &Arc<ApiRequest>) -> Result<Validation> {
    let access = Access::from_request(request, state).await?;
    access.tenant.check(false)?;
    let Caller::Key(key) = &access.caller else {
        return Err(Error::unauthenticated("This API key is not valid."));
    };
    Ok(Validation {
        kind: TokenKind::Key,
        user_id: None,
        tenant_id: Some(access.grant.id()),
        role: None,
        scopes: key.scopes.clone(),
        expires_at: key.expires_at,
    })
}

/// The role is the one of now, which may be another than that of the token.
async fn validate_user(state: &Arc<State>, request: &Arc<ApiRequest>) -> Result<Validation> {
    let signed_in = SignedIn::from_request(request, state).await?;
    let (_, person) = require_live(state, signed_in.user, signed_in.session).await?;
    let mut role = None;
    if let Some((tenant, _)) = signed_in.place {
        let place = state.store()?.find_membership(&person, tenant).await?;
        let place = place.ok_or_else(session_over)?;
        TenantState::of(&place.tenant).check(false)?;
        role = Some(place.member.role);
    }
    Ok(Validation {
        kind: TokenKind::User,
        user_id: Some(person.id),
        tenant_id: signed_in.place.map(|(tenant, _)| tenant),
        role,
        scopes: role.map(scopes_of_role).unwrap_or_default(),
        expires_at: Some(signed_in.expires_at),
    })
}

async fn validate_visitor(state: &Arc<State>, request: &Arc<ApiRequest>) -> Result<Validation> {
    let access = VisitorAccess::from_request(request, state).await?;
    Ok(Validation {
        kind: TokenKind::Visitor,
        user_id: None,
        tenant_id: Some(access.token.tenant),
        role: None,
        scopes: Scopes::default(),
        expires_at: None,
    })
}

#[cfg(test)]
use crate::contract::{BadRequest, ReadRefusals};
