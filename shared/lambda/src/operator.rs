//! Authentication of the operator.

use std::sync::Arc;

use confab_aws::{Keyring, SecretName};
use confab_core::{Error, Result};

use crate::{ApiRequest, extract::FromRequest, metrics};

/// The operator's key, as a bearer token.
pub const OPERATOR_KEY: SecretName = SecretName("OPERATOR_KEY_PARAM");

/// State of a function with routes for the operator.
pub trait OperatorState: Send + Sync {
    /// Returns secrets that hold `OPERATOR_KEY`.
    fn keyring(&self) -> Result<&Keyring>;
}

/// Proof that the request carries the operator's key.
#[derive(Debug)]
pub struct Operator(());

impl<S: OperatorState> FromRequest<S> for Operator {
    async fn from_request(request: &Arc<ApiRequest>, state: &Arc<S>) -> Result<Self> {
        let key = request.bearer().unwrap_or_default();
        if state.keyring()?.verify(OPERATOR_KEY, key).await? {
            return Ok(Self(()));
        }
        metrics::count("OperatorRejected", "key");
        Err(Error::unauthenticated("The operator's key is required."))
    }
}
