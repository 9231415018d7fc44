//! Functions that an operator invokes: JSON in, JSON out. Who may invoke one is decided by IAM.

use std::{future::Future, sync::Arc};

use confab_core::{Clock, CorrelationId, Error, Result};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tracing::Instrument;

use crate::{OsEntropy, StartError, log, panics::caught, start};

/// Runs a command until the sandbox ends. An error fails the invocation with its code and message.
pub async fn run<D, C, A, Fut>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
    command: impl Fn(Arc<D>, C) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: Send + Sync + 'static,
    C: DeserializeOwned + Send + 'static,
    A: Serialize,
    Fut: Future<Output = Result<A>> + Send,
{
    let (clock, deps) = start(function, deps).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let (deps, command) = (deps.clone(), command.clone());
        async move {
            let correlation_id = CorrelationId::new(clock.now(), &OsEntropy);
            let work = caught(async { command(deps, parse(event.payload)?).await });
            let answer = work.instrument(log::span(correlation_id)).await;
            answer.map_err(|error| {
                log::failure(&error, correlation_id, &event.context.request_id);
                StartError::from(format!("{}: {}", error.code(), error.message()))
            })
        }
    }))
    .await
}

fn parse<C: DeserializeOwned>(payload: Value) -> Result<C> {
    serde_json::from_value(payload).map_err(|error| {
        Error::invalid(
            "bad_command",
            format!("The command cannot be read: {error}."),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_commands_are_refused() {
        assert_eq!(parse::<Vec<u8>>(serde_json::json!([1])).unwrap(), [1]);
        let refused = parse::<Vec<u8>>(serde_json::json!({ "a": 1 })).unwrap_err();
        assert_eq!(refused.code(), "bad_command");
    }
}
