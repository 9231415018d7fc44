//! The functions, by Lambda's own protocol: the same on AWS and on `local`.

use anyhow::{Context, Result};
use aws_sdk_lambda::primitives::Blob;

use crate::{
    failed::failed,
    place::{Place, View},
    ports::{Functions, Outcome},
};

/// What the API and the queues call, see AutoPublishAlias in template.yaml.
const ALIAS: &str = "live";

impl Functions for Place {
    async fn functions(&self) -> Result<Vec<String>> {
        match &self.view {
            View::Stack(stack) => Ok(stack
                .functions()
                .await?
                .into_iter()
                .map(|(name, _)| name)
                .collect()),
            View::Local(local) => Ok(local
                .functions()
                .into_iter()
                .map(|function| function.name)
                .collect()),
        }
    }

    async fn invoke(&self, function: &str, event: String) -> Result<Outcome> {
        let mut call = self.lambda.invoke().payload(Blob::new(event));
        call = match &self.view {
            View::Local(_) => call.function_name(function),
            View::Stack(stack) => {
                let all = stack.functions().await?;
                let (_, called) = all
                    .into_iter()
                    .find(|(name, _)| name == function)
                    .context("no such function")?;
                call.function_name(called).qualifier(ALIAS)
            }
        };
        let answer = call.send().await.map_err(failed(function))?;
        let payload = answer
            .payload()
            .map(|payload| String::from_utf8_lossy(payload.as_ref()).into_owned());
        Ok(Outcome {
            has_failed: answer.function_error().is_some(),
            payload: payload.unwrap_or_default(),
        })
    }
}
