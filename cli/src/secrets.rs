//! Secrets that a command needs, from the parameters that functions read.

use anyhow::{Context, Result};
use confab_aws::parse_secrets;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    failed::failed,
    place::{Place, View},
    ports::{BotAccount, OperatorKey},
    telegram::Bot,
};

impl Place {
    /// Returns the secret that a function reads, the first one during a rotation. On `local` the parameters have the
    /// names that the template gives them.
    async fn secret(&self, function: &str, variable: &str, on_local: &str) -> Result<SecretString> {
        let name = match &self.view {
            View::Local(_) => on_local.to_owned(),
            View::Stack(stack) => stack.variable(function, variable).await?,
        };
        let asked = self.ssm.get_parameters().names(&name).with_decryption(true);
        let found = asked.send().await.map_err(failed("SSM"))?;
        let value = found.parameters().first().and_then(|found| found.value());
        let value = value.with_context(|| format!("SSM has no parameter {name}"))?;
        let secret = parse_secrets(value).into_iter().next();
        secret.with_context(|| format!("{name} is empty"))
    }
}

impl OperatorKey for Place {
    async fn operator_key(&self) -> Result<String> {
        let key = self.secret("carousels", "OPERATOR_KEY_PARAM", "/confab/operator-key");
        Ok(key.await?.expose_secret().to_owned())
    }
}

impl BotAccount for Place {
    async fn bot(&self) -> Result<Bot> {
        const TOKEN: &str = "/confab/carousel/telegram-bot-token";
        const SECRET: &str = "/confab/carousel/telegram-webhook-secret";
        let function = "telegram-received";
        let token = self.secret(function, "TELEGRAM_BOT_TOKEN_PARAM", TOKEN);
        let secret = self.secret(function, "TELEGRAM_WEBHOOK_SECRET_PARAM", SECRET);
        let (token, webhook_secret) = futures::try_join!(token, secret)?;
        let (api_url, webhook_url) = match &self.view {
            View::Local(local) => (local.page("/telegram"), local.route("/telegram")),
            View::Stack(stack) => (
                stack
                    .variable("carousel-conversation", "TELEGRAM_API_URL")
                    .await?,
                stack.output("CarouselWebhookUrl").await?,
            ),
        };
        Ok(Bot {
            api_url,
            token,
            webhook_url,
            webhook_secret,
        })
    }
}
