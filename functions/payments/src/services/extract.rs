//! Extractors of payments.

use std::sync::Arc;

use confab_core::{Error, OrderId, Result};
use confab_lambda::{
    ApiRequest,
    extract::{FromRequest, Path},
};

use crate::state::State;

/// The order id in the path. A malformed id gets the same 404 as an unknown order.
#[derive(Debug)]
pub(crate) struct OrderPath(pub(crate) OrderId);

impl FromRequest<State> for OrderPath {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let Path(id) = Path::<String>::from_request(request, state).await?;
        let id = id.parse().map_err(|_| Error::not_found("order"))?;
        Ok(Self(id))
    }
}
