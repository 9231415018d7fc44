//! The REQUEST authorizer on `$connect`: clients without an identity source get 401, others the policy's answer.

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::{
    connection::ConnectionInfo,
    events,
    gateway::WebSocketGateway,
    integration::{self, Reply},
};
use crate::template::{
    Authorizer, INTEGRATION_TIMEOUT, IdentitySource, SocketApi, matches_pattern,
};

/// Returns the context that later events carry, or the status that refuses the connection.
pub(super) async fn authorize(
    gateway: &WebSocketGateway,
    api: &SocketApi,
    authorizer: &Authorizer,
    info: &ConnectionInfo,
    headers: &HeaderMap,
    query: &str,
) -> Result<Value, StatusCode> {
    if !authorizer
        .identity
        .iter()
        .all(|source| has_identity(source, headers, query))
    {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let arn = gateway
        .account
        .arn("execute-api", &format!("{}/{}/$connect", api.id, api.stage));
    let now = gateway.clock.timestamp();
    let event = events::authorize(now, api, info, headers, query, &arn);
    let functions = &gateway.functions;
    match integration::invoke(
        functions,
        &authorizer.function_arn,
        &event,
        INTEGRATION_TIMEOUT,
    )
    .await
    {
        Reply::Answered(answer) => {
            let context = context(&answer).ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
            match allows(&answer, &arn).ok_or(StatusCode::INTERNAL_SERVER_ERROR)? {
                true => Ok(context),
                false => Err(StatusCode::FORBIDDEN),
            }
        }
        // The one error message that means 401 rather than 500.
        Reply::Failed(message) if message == "Unauthorized" => Err(StatusCode::UNAUTHORIZED),
        Reply::Failed(_) | Reply::Throttled | Reply::TimedOut => {
            Err(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn has_identity(source: &IdentitySource, headers: &HeaderMap, query: &str) -> bool {
    match source {
        IdentitySource::Header(name) => headers
            .get(name.as_str())
            .is_some_and(|value| !value.is_empty()),
        IdentitySource::Query(name) => events::parameters(query)
            .iter()
            .any(|(given, value)| given == name && !value.is_empty()),
    }
}

/// Returns the principal and the context, all as strings; `None` when AWS would refuse them.
fn context(answer: &Value) -> Option<Value> {
    let mut context = Map::from_iter([(
        "principalId".to_owned(),
        json!(answer.get("principalId")?.as_str()?),
    )]);
    for (name, value) in answer
        .get("context")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        context.insert(name.clone(), json!(text));
    }
    Some(Value::Object(context))
}

/// Evaluates the policy: an explicit deny wins, the default is deny. `None` when there is no policy.
fn allows(answer: &Value, arn: &str) -> Option<bool> {
    let statements = one_or_many(answer.pointer("/policyDocument/Statement")?);
    let mut is_allowed = false;
    for statement in statements {
        let concerns = |name: &str, value: &str| {
            let patterns = statement.get(name).map(one_or_many).unwrap_or_default();
            patterns
                .iter()
                .filter_map(|pattern| pattern.as_str())
                .any(|pattern| matches_pattern(pattern, value))
        };
        if concerns("Action", "execute-api:Invoke") && concerns("Resource", arn) {
            match statement.get("Effect").and_then(Value::as_str) {
                Some("Allow") => is_allowed = true,
                _ => return Some(false),
            }
        }
    }
    Some(is_allowed)
}

fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(many) => many.iter().collect(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:api/live/$connect";

    fn policy(statements: Value) -> Value {
        json!({ "principalId": "p", "policyDocument": { "Version": "2012-10-17", "Statement": statements } })
    }

    #[test]
    fn policy_allows_what_it_allows_and_does_not_deny() {
        let statement = |effect: &str, resource: &str| json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource });
        assert_eq!(
            allows(&policy(json!([statement("Allow", ARN)])), ARN),
            Some(true)
        );
        assert_eq!(
            allows(&policy(statement("Allow", "arn:aws:execute-api:*")), ARN),
            Some(true)
        );
        assert_eq!(
            allows(
                &policy(json!([statement("Allow", "arn:aws:execute-api:*/other/*")])),
                ARN
            ),
            Some(false)
        );
        assert_eq!(
            allows(
                &policy(json!([statement("Allow", "*"), statement("Deny", ARN)])),
                ARN
            ),
            Some(false)
        );
        assert_eq!(allows(&policy(json!([])), ARN), Some(false));
        assert_eq!(allows(&json!({ "principalId": "p" }), ARN), None);
    }

    #[test]
    fn context_is_flat_and_becomes_strings() {
        let answer =
            json!({ "principalId": "p", "context": { "room": "r", "seat": 7, "host": true } });
        let expected = json!({ "principalId": "p", "room": "r", "seat": "7", "host": "true" });
        assert_eq!(context(&answer), Some(expected));
        assert_eq!(
            context(&json!({ "principalId": "p", "context": { "deep": {} } })),
            None
        );
        assert_eq!(context(&json!({})), None);
    }
}
