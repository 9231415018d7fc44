//! `POST /api/sessions/`: issues a session to a new user, and renews the session of a known one.

use std::{sync::Arc, time::Duration};

use confab_aws::RateLimit;
use confab_core::{Result, Timestamp, UserId, after};
use confab_lambda::{
    Response, Router,
    extract::{Json, SourceIp},
    response,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
#[cfg(test)]
use utoipa::ToSchema;

use crate::{
    extract::OptionalUser,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Sessions, Part::Store, Part::DynamoDbConnection];

const SESSION_TTL: Duration = Duration::from_secs(30 * 24 * 3600);
/// Admits a festival behind one address.
const NEW_SESSIONS_PER_ADDRESS: u32 = 600;

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSession {}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
pub(crate) struct Session {
    user_id: UserId,
    token: String,
    expires_at: Timestamp,
}

pub fn routes() -> Router<State> {
    Router::new().route("POST /api/sessions/", create_session)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/sessions/",
    operation_id = "begins",
    tag = "Sessions",
    request_body = NewSession,
    responses(
        (status = 201, description = "The session of a new user, or a renewed session.", body = Session),
        BadRequest,
        Unauthorized,
        RateLimited,
    ),
    security((), ("session" = []))
))]
pub(crate) async fn create_session(
    state: Arc<State>,
    Json(NewSession {}): Json<NewSession>,
    OptionalUser(user): OptionalUser,
    SourceIp(address): SourceIp,
) -> Result<Response> {
    let now = state.clock.now();
    let user_id = match user {
        Some(user) => user,
        None => {
            let limit = RateLimit::per_hour(NEW_SESSIONS_PER_ADDRESS);
            state
                .store()?
                .take_token(limit, &format!("session#{address}"))
                .await?;
            UserId::new(now, &state.entropy)
        }
    };
    let expires_at = after(now, SESSION_TTL);
    let token = state.sessions()?.issue(user_id, expires_at).await?;
    let session = Session {
        user_id,
        token,
        expires_at,
    };
    response::json(StatusCode::CREATED, &session)
}

#[cfg(test)]
use crate::contract::{BadRequest, RateLimited, Unauthorized};
