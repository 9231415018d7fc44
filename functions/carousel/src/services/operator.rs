//! The operator, who reads counts and events.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::{ApiRequest, extract::FromRequest};

use crate::{config::OPERATOR_KEY, state::State};

/// Proof that the request carries the operator's key.
#[derive(Debug)]
pub(crate) struct Operator;

impl FromRequest<State> for Operator {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let key = request.bearer().unwrap_or_default();
        if state.secrets()?.verify(OPERATOR_KEY, key).await? {
            return Ok(Self);
        }
        Err(Error::unauthenticated("The operator's key is required."))
    }
}
