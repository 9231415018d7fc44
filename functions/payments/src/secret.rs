//! What the secrets of payments are for, and which function reads which.

use confab_aws::Use;

pub(crate) const STRIPE_KEY: Use = Use("STRIPE_SECRET_KEY_PARAM");
pub(crate) const STRIPE_WEBHOOK: Use = Use("STRIPE_WEBHOOK_SECRET_PARAM");
pub(crate) const GENERIC_WEBHOOK: Use = Use("PAYMENT_WEBHOOK_SECRET_PARAM");
pub(crate) const SECRET_PATH: Use = Use("PAYMENT_SECRET_PATH_PARAM");
pub(crate) const SEAL: Use = Use("SEAL_SECRET_PARAM");
pub(crate) const OPERATOR: Use = Use("OPERATOR_KEY_PARAM");

pub(crate) const OF_WEBHOOKS: &[Use] = &[STRIPE_WEBHOOK, GENERIC_WEBHOOK, SECRET_PATH];
pub(crate) const OF_CHECKOUT: &[Use] = &[STRIPE_KEY, SEAL];
