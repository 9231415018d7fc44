//! The REQUEST authorizer on `$connect`: who lacks what it looks at is refused at once, all others by its policy.

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::{
    connection::About,
    events,
    integration::{Reply, ask},
};
use crate::{
    cloud::Cloud,
    template::{Authorizer, INTEGRATION_TIMEOUT, IdentitySource, SocketApi, fits_pattern},
};

/// What later events carry of it, or the status that refuses.
pub(super) async fn authorized(
    cloud: &Cloud,
    api: &SocketApi,
    authorizer: &Authorizer,
    about: &About,
    headers: &HeaderMap,
    query: &str,
) -> Result<Value, StatusCode> {
    if !authorizer
        .identity
        .iter()
        .all(|source| is_given(source, headers, query))
    {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let arn = format!(
        "arn:aws:execute-api:{}:{}:{}/{}/$connect",
        cloud.region, cloud.account, api.id, api.stage
    );
    let event = events::authorize(cloud, api, about, headers, query, &arn);
    match ask(cloud, &authorizer.function_arn, &event, INTEGRATION_TIMEOUT).await {
        Reply::Answered(answer) => {
            let context = context(&answer).ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
            match allows(&answer, &arn).ok_or(StatusCode::INTERNAL_SERVER_ERROR)? {
                true => Ok(context),
                false => Err(StatusCode::FORBIDDEN),
            }
        }
        // The one word that an authorizer can say apart from a policy.
        Reply::Failed(told) if told == "Unauthorized" => Err(StatusCode::UNAUTHORIZED),
        Reply::Failed(_) | Reply::Throttled | Reply::TimedOut => {
            Err(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn is_given(source: &IdentitySource, headers: &HeaderMap, query: &str) -> bool {
    match source {
        IdentitySource::Header(name) => headers
            .get(name.as_str())
            .is_some_and(|value| !value.is_empty()),
        IdentitySource::Query(name) => events::parameters(query)
            .iter()
            .any(|(given, value)| given == name && !value.is_empty()),
    }
}

/// The principal and the context, all as texts. None when it is none that AWS takes.
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

/// One statement that denies wins; without one that allows it is no. None when there is no policy.
fn allows(answer: &Value, arn: &str) -> Option<bool> {
    let statements = one_or_many(answer.pointer("/policyDocument/Statement")?);
    let mut is_allowed = false;
    for statement in statements {
        let speaks_of = |name: &str, what: &str| {
            let patterns = statement.get(name).map(one_or_many).unwrap_or_default();
            patterns
                .iter()
                .filter_map(|pattern| pattern.as_str())
                .any(|pattern| fits_pattern(pattern, what))
        };
        if speaks_of("Action", "execute-api:Invoke") && speaks_of("Resource", arn) {
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
    fn a_policy_lets_in_whom_it_allows_and_does_not_deny() {
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
    fn a_context_is_flat_and_becomes_text() {
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
