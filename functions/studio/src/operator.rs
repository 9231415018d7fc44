//! Whoever runs the studio shows a key.

use confab_aws::{Keyring, Use};
use confab_core::{Error, Result};
use confab_lambda::{Call, metrics};

pub(crate) const OPERATOR: Use = Use("OPERATOR_KEY_PARAM");

pub(crate) async fn is_calling(keys: &Keyring, call: &Call) -> Result<()> {
    let told = call.bearer().unwrap_or_default();
    if keys.opens(OPERATOR, told).await? {
        return Ok(());
    }
    metrics::count("OperatorRejected", "key");
    Err(Error::unauthenticated("This is for the operator, who has a key."))
}
