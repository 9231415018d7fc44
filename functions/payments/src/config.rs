//! What the secrets of payments are for, and which function reads which.

use confab_aws::SecretName;

pub(crate) const STRIPE_KEY: SecretName = SecretName("STRIPE_SECRET_KEY_PARAM");
pub(crate) const STRIPE_WEBHOOK: SecretName = SecretName("STRIPE_WEBHOOK_SECRET_PARAM");
pub(crate) const GENERIC_WEBHOOK: SecretName = SecretName("PAYMENT_WEBHOOK_SECRET_PARAM");
pub(crate) const SECRET_PATH: SecretName = SecretName("PAYMENT_SECRET_PATH_PARAM");
pub(crate) const SEAL: SecretName = SecretName("SEAL_SECRET_PARAM");
pub(crate) const OPERATOR: SecretName = SecretName("OPERATOR_KEY_PARAM");

pub(crate) const OF_WEBHOOKS: &[SecretName] = &[STRIPE_WEBHOOK, GENERIC_WEBHOOK, SECRET_PATH];
pub(crate) const OF_CHECKOUT: &[SecretName] = &[STRIPE_KEY, SEAL];
