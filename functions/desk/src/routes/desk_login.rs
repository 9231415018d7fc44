//! Sign-up, sign-in and passwords.

use std::sync::Arc;

use confab_core::{CorrelationId, Private, Result, TenantId};
use confab_lambda::{
    Response, Router,
    extract::{Json, Whole},
    response,
};
use desk_domain::{EmailAddress, ResetToken, SessionClient, SignUpRequest, VerifyToken};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    auth::SignedIn,
    services::{
        cookies::require_own_page,
        credentials::{self, LoginKind, authenticate, take_login_tokens, take_password_token},
        sign_in::begin_session,
        sign_ups,
    },
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::Mails,
    Part::Provisioning,
    Part::Broadcasts,
    Part::ConsoleUrl,
    Part::DynamoDbConnection,
];

pub fn routes() -> Router<State> {
    Router::new()
        .route("POST /auth/signup", sign_up)
        .route("POST /auth/verify", verify)
        .route("POST /auth/login", log_in)
        .route("POST /auth/password/forgot", forgot_password)
        .route("POST /auth/password/reset", reset_password)
        .route("PUT /auth/password", change_password)
        .page_origin(State::console_origin)
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct Verification {
    token: Private<String>,
    /// The password of the sign-up.
    password: Private<String>,
    #[serde(default)]
    client: Option<SessionClient>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(optional_fields))]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    email: String,
    password: Private<String>,
    #[serde(default)]
    tenant: Option<TenantId>,
    #[serde(default)]
    client: Option<SessionClient>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgottenPassword {
    email: String,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordReset {
    token: Private<String>,
    password: Private<String>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    current: Private<String>,
    password: Private<String>,
}

/// The answer is the same for a new, an unverified and a known address.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/auth/signup",
    operation_id = "sign_up",
    tag = "Sessions",
    request_body = SignUpRequest,
    responses(
        (status = 202, description = "A mail is sent. The answer is the same for a known address."),
        BodyRefusals,
        RateLimited,
    ),
    security(())
))]
pub(crate) async fn sign_up(
    state: Arc<State>,
    Json(request): Json<SignUpRequest>,
    Whole(call): Whole,
) -> Result<Response> {
    let sign_up = request.parse()?;
    let key = sign_up.email.key();
    take_login_tokens(&state, &call, LoginKind::Mail, &key).await?;
    sign_ups::register(&state, &sign_up, call.correlation_id).await?;
    Ok(response::empty(StatusCode::ACCEPTED))
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/auth/verify",
    operation_id = "verify_email",
    tag = "Sessions",
    request_body = Verification,
    responses(
        (status = 200, description = "The session. A browser gets the refresh token as a cookie.", body = SessionView),
        BodyRefusals,
        Unauthorized,
        Forbidden,
        Conflict,
        RateLimited,
    ),
    security(())
))]
pub(crate) async fn verify(
    state: Arc<State>,
    Json(verification): Json<Verification>,
    Whole(call): Whole,
) -> Result<Response> {
    let client = verification.client.unwrap_or(SessionClient::Browser);
    if client == SessionClient::Browser {
        require_own_page(&state, &call)?;
    }
    let token = verification.token.as_str();
    let token: VerifyToken = state.sealer()?.open(token).await?;
    let password = verification.password.as_str();
    let person = sign_ups::verify(&state, &token, password, call.correlation_id).await?;
    begin_session(&state, &call, &person, None, client).await
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "log_in",
    tag = "Sessions",
    request_body = Login,
    responses(
        (status = 200, description = "The session. A browser gets the refresh token as a cookie.", body = SessionView),
        BodyRefusals,
        Unauthorized,
        Forbidden,
        NotFound,
        RateLimited,
    ),
    security(())
))]
pub(crate) async fn log_in(
    state: Arc<State>,
    Json(login): Json<Login>,
    Whole(call): Whole,
) -> Result<Response> {
    let client = login.client.unwrap_or(SessionClient::Browser);
    if client == SessionClient::Browser {
        require_own_page(&state, &call)?;
    }
    let email = EmailAddress::parse(&login.email)?;
    take_login_tokens(&state, &call, LoginKind::Password, &email.key()).await?;
    let person = authenticate(&state, &email, login.password.as_str()).await?;
    let person = sign_ups::complete(&state, person, call.correlation_id).await?;
    begin_session(&state, &call, &person, login.tenant, client).await
}

/// The answer is the same for a known and an unknown address.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/auth/password/forgot",
    operation_id = "forgot_password",
    tag = "Sessions",
    request_body = ForgottenPassword,
    responses(
        (status = 202, description = "A mail is sent if the address is known."),
        BodyRefusals,
        RateLimited,
    ),
    security(())
))]
pub(crate) async fn forgot_password(
    state: Arc<State>,
    Json(forgotten): Json<ForgottenPassword>,
    Whole(call): Whole,
) -> Result<Response> {
    let email = EmailAddress::parse(&forgotten.email)?;
    take_login_tokens(&state, &call, LoginKind::Mail, &email.key()).await?;
    credentials::send_reset_link(&state, &email, call.correlation_id).await?;
    Ok(response::empty(StatusCode::ACCEPTED))
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/auth/password/reset",
    operation_id = "reset_password",
    tag = "Sessions",
    request_body = PasswordReset,
    responses(
        (status = 204, description = "The password is set, and all sessions have ended."),
        BodyRefusals,
        Unauthorized,
        Conflict,
    ),
    security(())
))]
pub(crate) async fn reset_password(
    state: Arc<State>,
    Json(reset): Json<PasswordReset>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let token: ResetToken = state.sealer()?.open(reset.token.as_str()).await?;
    let password = reset.password.as_str();
    credentials::reset_password(&state, &token, password, correlation_id).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

#[cfg_attr(test, utoipa::path(
    put,
    path = "/auth/password",
    operation_id = "change_password",
    tag = "Sessions",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "The password is changed."),
        BodyRefusals,
        SignedInRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn change_password(
    state: Arc<State>,
    signed_in: SignedIn,
    Json(change): Json<PasswordChange>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    take_password_token(&state, &format!("password#{}", signed_in.user)).await?;
    let (current, password) = (change.current.as_str(), change.password.as_str());
    credentials::change_password(&state, signed_in, current, password, correlation_id).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

#[cfg(test)]
use crate::contract::{
    BodyRefusals, Conflict, Forbidden, NotFound, RateLimited, SignedInRefusals, Unauthorized,
};
#[cfg(test)]
use crate::services::sign_in::SessionView;
