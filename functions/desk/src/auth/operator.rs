//! Operators of the platform outside of a tenant, and people who may be signed in.

use std::sync::Arc;

use confab_core::{Error, Result, UserId};
use confab_lambda::{ApiRequest, extract::FromRequest};

use super::SignedIn;
use crate::state::State;

/// A person who is signed in, or a request without a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionalSignedIn(pub(crate) Option<SignedIn>);

impl FromRequest<State> for OptionalSignedIn {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        if request.bearer().is_none() {
            return Ok(Self(None));
        }
        let person = SignedIn::from_request(request, state).await?;
        Ok(Self(Some(person)))
    }
}

/// An operator of the platform, in no tenant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlatformOperator {
    pub(crate) user: UserId,
}

impl FromRequest<State> for PlatformOperator {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let user = SignedIn::from_request(request, state).await?.user;
        let person = state.store()?.find_person(user).await?;
        if person.is_some_and(|person| person.platform_role.is_some()) {
            Ok(Self { user })
        } else {
            Err(Error::forbidden(
                "Only operators of the platform can do this.",
            ))
        }
    }
}
