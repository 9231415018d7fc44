//! Lambda authorizers of a WebSocket API: they allow or refuse `$connect`, and attach a context to the connection.

use std::{collections::HashMap, future::Future, sync::Arc};

use confab_core::{Clock, CorrelationId, Error, Result};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tracing::Instrument;

use crate::{OsEntropy, StartError, log, panics::caught, start};

/// A request to open a WebSocket connection.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizerRequest {
    #[serde(default)]
    method_arn: String,
    #[serde(default)]
    query_string_parameters: Option<HashMap<String, String>>,
}

impl AuthorizerRequest {
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query_string_parameters
            .as_ref()?
            .get(name)
            .map(String::as_str)
    }
}

/// Allows a connection, with the context that each of its messages carries.
#[derive(Debug, Clone)]
pub struct Allow {
    pub principal: String,
    pub context: Vec<(&'static str, String)>,
}

/// Runs an authorizer until the sandbox ends.
pub async fn run<D, Fut>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
    authorize: impl Fn(Arc<D>, AuthorizerRequest) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: Send + Sync + 'static,
    Fut: Future<Output = Result<Allow>> + Send,
{
    let (clock, deps) = start(function, deps).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<AuthorizerRequest>| {
        let (deps, authorize) = (deps.clone(), authorize.clone());
        async move {
            let arn = event.payload.method_arn.clone();
            let correlation_id = CorrelationId::new(clock.now(), &OsEntropy);
            let work = caught(async { authorize(deps, event.payload).await })
                .instrument(log::span(correlation_id));
            match work.await {
                Ok(admitted) => Ok(policy(&arn, admitted)),
                Err(error) => {
                    if error.is_server_error() {
                        log::failure(&error, correlation_id, &event.context.request_id);
                    }
                    Err(refusal(&error))
                }
            }
        }
    }))
    .await
}

fn policy(arn: &str, admitted: Allow) -> Value {
    let context: Map<_, _> = admitted
        .context
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    json!({
        "principalId": admitted.principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": arn }],
        },
        "context": context,
    })
}

/// API Gateway answers 401 to this exact error text, and 500 to any other.
fn refusal(error: &Error) -> StartError {
    StartError::from(if error.is_server_error() {
        error.code().to_owned()
    } else {
        "Unauthorized".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_connections_carry_their_context() {
        let admitted = Allow {
            principal: "usr_1".into(),
            context: vec![("room", "k7m2p9q4xw".into())],
        };
        let answer = policy("arn:aws:execute-api:us-east-1:1:a/live/$connect", admitted);
        assert_eq!(answer["context"]["room"], "k7m2p9q4xw");
        assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], "Allow");
        let knock: AuthorizerRequest = serde_json::from_value(json!({
            "type": "REQUEST", "methodArn": "arn", "headers": {}, "queryStringParameters": { "ticket": "t" },
        }))
        .unwrap();
        assert_eq!(
            (knock.query_value("ticket"), knock.query_value("x")),
            (Some("t"), None)
        );
    }

    #[test]
    fn refusals_are_401_and_failures_are_500() {
        assert_eq!(
            refusal(&Error::unauthenticated("no")).to_string(),
            "Unauthorized"
        );
        assert_eq!(
            refusal(&Error::internal("store_failed", "x")).to_string(),
            "store_failed"
        );
    }
}
