//! People who are signed in, whether they are a member of a workspace or not.

use std::sync::Arc;

use confab_core::{Error, Result, TenantId, Timestamp, UserId};
use confab_lambda::{ApiRequest, extract::FromRequest};
use desk_domain::{Plan, RateClass, Role, SessionId};

use super::access::{named_tenant, tenant_mismatch};
use crate::state::State;

/// A person with a valid access token, whatever tenant it is for. Their session may have ended within the last ten
/// minutes: `services::sessions::require_live` tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedIn {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    /// The tenant of the token, and the role that the person had in it when the token was made.
    pub(crate) place: Option<(TenantId, Role)>,
    /// When the access token expires.
    pub(crate) expires_at: Timestamp,
}

impl FromRequest<State> for SignedIn {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let token = request
            .bearer()
            .ok_or_else(|| Error::unauthenticated("Sign in first."))?;
        if token.starts_with("desk_sk_") {
            return Err(Error::forbidden("API keys cannot do this."));
        }
        let claims = state.token_keys()?.verify(token).await?;
        let store = state.store()?;
        if let Some(named) = named_tenant(request)?
            && claims.tid != Some(named)
        {
            let person = store.find_person(claims.sub).await?;
            if person.is_none_or(|person| person.platform_role.is_none()) {
                return Err(tenant_mismatch());
            }
        }
        let key = format!("member#{}", claims.sub);
        for rate in RateClass::Member.rates(Plan::Trial) {
            store.take_token(rate, &key).await?;
        }
        Ok(Self {
            user: claims.sub,
            session: claims.sid,
            place: claims.tid.zip(claims.role),
            expires_at: Timestamp::from_second(claims.exp).unwrap_or(Timestamp::MIN),
        })
    }
}
