//! Whoever runs the studio shows a key.

use confab_aws::{Keyring, SecretName};
use confab_core::{Error, Result};
use confab_lambda::{ApiRequest, metrics};

pub(crate) const OPERATOR: SecretName = SecretName("OPERATOR_KEY_PARAM");

pub(crate) async fn is_calling(keys: &Keyring, call: &ApiRequest) -> Result<()> {
    let told = call.bearer().unwrap_or_default();
    if keys.verify(OPERATOR, told).await? {
        return Ok(());
    }
    metrics::count("OperatorRejected", "key");
    Err(Error::unauthenticated(
        "This is for the operator, who has a key.",
    ))
}
