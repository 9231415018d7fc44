//! Authentication of the operator.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::{ApiRequest, extract::FromRequest, metrics};

use crate::{config::OPERATOR_KEY, state::State};

/// Extractor that accepts requests with the operator's key only.
#[derive(Debug)]
pub(crate) struct Operator;

impl FromRequest<State> for Operator {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<State>) -> Result<Self> {
        let key = request.bearer().unwrap_or_default();
        if state.secrets()?.verify(OPERATOR_KEY, key).await? {
            return Ok(Self);
        }
        metrics::count("OperatorRejected", "key");
        Err(Error::unauthenticated("This needs the operator's key."))
    }
}
