//! What commands of operators need to know of the stack.

use anyhow::{Context, Result};
use confab_aws::parse_secrets;
use secrecy::ExposeSecret;

use crate::{
    failed::failed,
    place::{Place, View},
    ports::{Caller, OperatorKey, Webhooks},
};

/// The key's parameter on `local`, by the template. A stack's functions know the name of theirs.
const LOCAL_KEY_PARAMETER: &str = "/confab/operator-key";

impl OperatorKey for Place {
    /// Returns the key that functions read, the first one during a rotation.
    async fn operator_key(&self) -> Result<String> {
        let name = match &self.view {
            View::Local(_) => LOCAL_KEY_PARAMETER.to_owned(),
            View::Stack(stack) => stack.variable("carousels", "OPERATOR_KEY_PARAM").await?,
        };
        let asked = self.ssm.get_parameters().names(&name).with_decryption(true);
        let found = asked.send().await.map_err(failed("SSM"))?;
        let value = found.parameters().first().and_then(|found| found.value());
        let value = value.with_context(|| format!("SSM has no parameter {name}"))?;
        let keys = parse_secrets(value);
        let key = keys.first().with_context(|| format!("{name} is empty"))?;
        Ok(key.expose_secret().to_owned())
    }
}

impl Webhooks for Place {
    async fn telegram_webhook(&self) -> Result<String> {
        match &self.view {
            View::Local(local) => Ok(local.route("/telegram")),
            View::Stack(stack) => stack.output("TelegramWebhookUrl").await,
        }
    }
}

impl Caller for Place {
    async fn caller(&self) -> Result<String> {
        match &self.view {
            View::Local(_) => Ok("local".to_owned()),
            View::Stack(stack) => stack.caller().await,
        }
    }
}
