//! The service's own extractors: the caller of a route, and path parameters with their own "not found".

use std::{str::FromStr, sync::Arc};

use confab_core::{Error, PhotoId, Result, UserId};
use confab_lambda::{ApiRequest, extract::FromRequest};

use crate::state::State;

/// The user of the request's session.
#[derive(Debug)]
pub(crate) struct User(pub(crate) UserId);

/// The user of the request's session, `None` without one. An invalid session is an error.
#[derive(Debug)]
pub(crate) struct OptionalUser(pub(crate) Option<UserId>);

impl FromRequest<State> for User {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        state.sessions()?.require_user(request).await.map(Self)
    }
}

impl FromRequest<State> for OptionalUser {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        state.sessions()?.optional_user(request).await.map(Self)
    }
}

/// The number of a message in a path.
#[derive(Debug)]
pub(crate) struct MessageSeq(pub(crate) u64);

impl FromStr for MessageSeq {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let seq = text.parse().map_err(|_| Error::not_found("message"))?;
        Ok(Self(seq))
    }
}

/// The id of a person in a path.
#[derive(Debug)]
pub(crate) struct PersonId(pub(crate) UserId);

impl FromStr for PersonId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let user = text.parse().map_err(|_| Error::not_found("person"))?;
        Ok(Self(user))
    }
}

/// The id of a photo in a path.
#[derive(Debug)]
pub(crate) struct PhotoParam(pub(crate) PhotoId);

impl FromStr for PhotoParam {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let photo = text.parse().map_err(|_| Error::not_found("photo"))?;
        Ok(Self(photo))
    }
}
