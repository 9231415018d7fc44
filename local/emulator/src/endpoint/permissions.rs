//! IAM: functions may call what their statements in the template allow.

use axum::{http::StatusCode, response::Response};
use serde_json::{Value, json};

use super::{error::error, state::Endpoint};
use crate::{lambda::Function, sqs};

/// Returns the error of a call that the function's statements in the template do not allow.
pub(super) fn deny(
    endpoint: &Endpoint,
    signer: &str,
    service: &str,
    operation: &str,
    body: &Value,
) -> Option<Response> {
    let function = endpoint.functions.get(signer)?;
    let needed = needed(endpoint, service, operation, body);
    let (action, resource) = needed.into_iter().find(|(action, resource)| {
        // SAM gives each function with a queue AWSLambdaSQSQueueExecutionRole, for what the poller does in its name.
        let polls = matches!(
            action.as_str(),
            "sqs:ReceiveMessage" | "sqs:DeleteMessage" | "sqs:GetQueueAttributes"
        );
        let consumes = polls
            && function
                .spec
                .consumers
                .iter()
                .any(|consumer| consumer.queue_arn == *resource);
        !consumes && !function.spec.policy.allows(action, resource)
    })?;
    let text = note_denial(endpoint, function, &action, &resource);
    Some(match service {
        "sqs" => error(
            StatusCode::FORBIDDEN,
            "com.amazonaws.sqs#AccessDenied",
            &text,
        ),
        _ => error(StatusCode::BAD_REQUEST, "AccessDeniedException", &text),
    })
}

/// Logs a denied call as a line of the function, and returns the message of AWS.
pub(super) fn note_denial(
    endpoint: &Endpoint,
    function: &Function,
    action: &str,
    resource: &str,
) -> String {
    let text = format!(
        "User: {} is not authorized to perform: {action} on resource: {resource}",
        function.spec.arn
    );
    endpoint.recorder.log(
        &function.spec.name,
        &json!({ "level": "ERROR", "message": text }).to_string(),
    );
    text
}

/// Returns the actions and resources that an operation needs permission for.
fn needed(
    endpoint: &Endpoint,
    service: &str,
    operation: &str,
    body: &Value,
) -> Vec<(String, String)> {
    let text = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let arn = |resource: &str| endpoint.account.arn(service, resource);
    let table = |name: &str| arn(&format!("table/{name}"));
    match (service, operation) {
        ("dynamodb", "TransactWriteItems" | "TransactGetItems") => {
            let items = body
                .get("TransactItems")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let parts = items.flat_map(|item| item.as_object().into_iter().flatten());
            parts
                .map(|(kind, item)| {
                    let action = if kind == "ConditionCheck" {
                        "ConditionCheckItem".to_owned()
                    } else {
                        format!("{kind}Item")
                    };
                    (
                        format!("dynamodb:{action}"),
                        table(&text(item, "TableName")),
                    )
                })
                .collect()
        }
        ("dynamodb", "BatchGetItem" | "BatchWriteItem") => {
            let tables = body
                .get("RequestItems")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            tables
                .map(|(name, _)| (format!("dynamodb:{operation}"), table(name)))
                .collect()
        }
        ("dynamodb", _) => {
            let name = text(body, "TableName");
            let resource = match body.get("IndexName").and_then(Value::as_str) {
                Some(index) => format!("{}/index/{index}", table(&name)),
                None => table(&name),
            };
            vec![(format!("dynamodb:{operation}"), resource)]
        }
        ("sqs", "StartMessageMoveTask" | "ListMessageMoveTasks" | "CancelMessageMoveTask") => {
            needed_to_move(endpoint, operation, body)
        }
        ("sqs", _) => {
            let action = operation.strip_suffix("Batch").unwrap_or(operation);
            let url = text(body, "QueueUrl");
            vec![(
                format!("sqs:{action}"),
                arn(url.rsplit('/').next().unwrap_or_default()),
            )]
        }
        ("ssm", _) => {
            let names = body
                .get("Names")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .chain(body.get("Name"));
            let names = names.filter_map(Value::as_str);
            names
                .map(|name| {
                    (
                        format!("ssm:{operation}"),
                        arn(&format!("parameter/{}", name.trim_start_matches('/'))),
                    )
                })
                .collect()
        }
        ("events", _) => {
            let entries = body
                .get("Entries")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            entries
                .map(|entry| {
                    (
                        format!("events:{operation}"),
                        arn(&format!("event-bus/{}", text(entry, "EventBusName"))),
                    )
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Redrives need permissions of both queues, and listing them those of the dead-letter queue.
fn needed_to_move(endpoint: &Endpoint, operation: &str, body: &Value) -> Vec<(String, String)> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let handle = text("TaskHandle").and_then(|handle| sqs::source_of_move_task(&handle));
    let source = text("SourceArn").or(handle).unwrap_or_default();
    let actions = [
        operation,
        "ReceiveMessage",
        "DeleteMessage",
        "GetQueueAttributes",
    ];
    let mut needed: Vec<_> = actions
        .iter()
        .map(|action| (format!("sqs:{action}"), source.clone()))
        .collect();
    if operation == "StartMessageMoveTask" {
        let dlq = endpoint.queues.by_arn(&source).ok();
        let back = || {
            dlq.and_then(|dlq| endpoint.queues.source_of(dlq))
                .map(|queue| queue.arn.clone())
        };
        needed.extend(
            text("DestinationArn")
                .or_else(back)
                .map(|arn| ("sqs:SendMessage".to_owned(), arn)),
        );
    }
    needed
}
