//! Extractors: a route's arguments, read from its request before the route begins.
//!
//! They run in the order of the arguments, and the first error is the answer. A service adds its own, such as a user.

use std::{str::FromStr, sync::Arc};

use confab_core::{CorrelationId, Error, Result};
use serde::de::DeserializeOwned;

use crate::ApiRequest;

/// A value that a route takes as an argument.
pub trait FromRequest<S>: Sized {
    fn from_request(
        request: &Arc<ApiRequest>,
        state: &Arc<S>,
    ) -> impl Future<Output = Result<Self>> + Send;
}

/// The service's state itself.
impl<S: Send + Sync> FromRequest<S> for Arc<S> {
    async fn from_request(_: &Arc<ApiRequest>, state: &Arc<S>) -> Result<Self> {
        Ok(state.clone())
    }
}

/// The whole request, for a route that reads more of it than extractors do.
#[derive(Debug)]
pub struct Whole(pub Arc<ApiRequest>);

impl<S: Send + Sync> FromRequest<S> for Whole {
    async fn from_request(request: &Arc<ApiRequest>, _: &Arc<S>) -> Result<Self> {
        Ok(Self(request.clone()))
    }
}

/// A JSON body of at most 64 KB. Unknown fields are refused by types with `deny_unknown_fields`.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    async fn from_request(request: &Arc<ApiRequest>, _: &Arc<S>) -> Result<Self> {
        request.json().map(Self)
    }
}

/// The first path parameter of the route key.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// The first two path parameters of the route key.
#[derive(Debug)]
pub struct PathPair<A, B>(pub A, pub B);

fn parameter<T: FromStr>(request: &ApiRequest, index: usize) -> Result<T>
where
    Error: From<T::Err>,
{
    let missing = || Error::internal("missing_path_parameter", request.route_key());
    let text = request.path_parameters.get(index).ok_or_else(missing)?;
    text.parse().map_err(Error::from)
}

impl<S: Send + Sync, T: FromStr> FromRequest<S> for Path<T>
where
    Error: From<T::Err>,
{
    async fn from_request(request: &Arc<ApiRequest>, _: &Arc<S>) -> Result<Self> {
        parameter(request, 0).map(Self)
    }
}

impl<S: Send + Sync, A: FromStr, B: FromStr> FromRequest<S> for PathPair<A, B>
where
    Error: From<A::Err> + From<B::Err>,
{
    async fn from_request(request: &Arc<ApiRequest>, _: &Arc<S>) -> Result<Self> {
        Ok(Self(parameter(request, 0)?, parameter(request, 1)?))
    }
}

/// The query string, decoded into a type. Unknown names are ignored, as links carry what trackers add.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Query<T> {
    async fn from_request(request: &Arc<ApiRequest>, _: &Arc<S>) -> Result<Self> {
        request.query_as().map(Self)
    }
}

/// The address that API Gateway saw; empty when it saw none.
#[derive(Debug)]
pub struct SourceIp(pub String);

impl<S: Send + Sync> FromRequest<S> for SourceIp {
    async fn from_request(request: &Arc<ApiRequest>, _: &Arc<S>) -> Result<Self> {
        Ok(Self(request.source_ip()))
    }
}

impl<S: Send + Sync> FromRequest<S> for CorrelationId {
    async fn from_request(request: &Arc<ApiRequest>, _: &Arc<S>) -> Result<Self> {
        Ok(request.correlation_id)
    }
}
