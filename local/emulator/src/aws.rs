//! The one endpoint of AWS: sorts calls by service, holds functions to their own statements, and counts.

use std::sync::Arc;

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    bus,
    cloud::Cloud,
    dynamo::Units,
    lambda::{Outcome, correlation_of},
    record::{Caller, Ended, Kind},
    sockets, sqs,
};

const LARGEST: usize = 17 * 1024 * 1024;
/// Who is no function: a test, a command line, an address that was signed for somebody.
pub const OUTSIDE: &str = "outside";

pub fn router(cloud: Arc<Cloud>) -> Router {
    Router::new().fallback(answer).with_state(cloud)
}

async fn answer(State(cloud): State<Arc<Cloud>>, request: Request) -> Response {
    let cloud = &cloud;
    if !cloud.template.sockets.is_empty() && sockets::management::is_call(request.uri().path()) {
        return sockets::management::answer(cloud, request).await;
    }
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let caller = caller(request.headers());
    if known(cloud, &caller) != OUTSIDE {
        cloud.latency.of_call().await;
    }
    if let Some(name) = invoked(request.uri().path()) {
        let name = name.to_owned();
        return invoke(cloud, &name, request).await;
    }
    let Some((service, operation)) = target.as_deref().and_then(|target| target.split_once('.'))
    else {
        if request.method() == Method::GET && request.uri().path() == "/" && caller.is_empty() {
            // Somebody opens a connection before it is needed.
            return "healthy".into_response();
        }
        return cloud.objects.answer(request, known(cloud, &caller)).await;
    };
    let (service, operation) = (service.to_owned(), operation.to_owned());
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLarge",
            "The request is too large.",
        );
    };
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return error(
            StatusCode::BAD_REQUEST,
            "SerializationException",
            "The body is not JSON.",
        );
    };
    let service = match service.as_str() {
        "DynamoDB_20120810" => "dynamodb",
        "AmazonSQS" => "sqs",
        "AWSEvents" => "events",
        "AmazonSSM" => "ssm",
        other => {
            return error(
                StatusCode::NOT_IMPLEMENTED,
                "UnknownOperationException",
                &format!("local has no service {other}"),
            );
        }
    };
    let mut units = Units::default();
    let response = match denied(cloud, &caller, service, &operation, &body) {
        Some(denied) => denied,
        None => match service {
            "dynamodb" => {
                let (response, used) = cloud
                    .tables
                    .forward(&operation, &parts.headers, &body)
                    .await;
                units = used;
                response
            }
            "sqs" => queues(cloud, &operation, &body, &caller).await,
            "events" if operation == "PutEvents" => match bus::put_events(cloud, &body) {
                Ok(answer) => axum::Json(answer).into_response(),
                Err(told) => error(StatusCode::BAD_REQUEST, "ValidationException", &told),
            },
            "ssm" if operation == "GetParameters" => {
                axum::Json(parameters(cloud, &body)).into_response()
            }
            "ssm" if operation == "GetParameter" => parameter(cloud, &body),
            _ => error(
                StatusCode::NOT_IMPLEMENTED,
                "UnknownOperationException",
                &format!("local's {service} does not know {operation}"),
            ),
        },
    };
    let ended = match response.status().is_success() {
        true => Ended::Well,
        false if units.condition_failed => Ended::Condition,
        false => Ended::Badly,
    };
    let call = Caller {
        service: service.to_owned(),
        operation,
        caller: known(cloud, &caller).to_owned(),
    };
    cloud.record.call(call, ended, units.read, units.write);
    response
}

/// The function that calls, or `OUTSIDE`.
pub fn known<'a>(cloud: &Cloud, caller: &'a str) -> &'a str {
    if cloud.functions.get(caller).is_some() {
        caller
    } else {
        OUTSIDE
    }
}

/// The access key is the function's name.
pub fn caller(headers: &HeaderMap) -> String {
    let authorization = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let credential = authorization
        .split("Credential=")
        .nth(1)
        .unwrap_or_default();
    credential.split('/').next().unwrap_or_default().to_owned()
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    let headers = [
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amzn-errortype", kind),
    ];
    (
        status,
        headers,
        json!({ "__type": kind, "message": message }).to_string(),
    )
        .into_response()
}

async fn queues(cloud: &Cloud, operation: &str, body: &Value, caller: &str) -> Response {
    let sent = |queue: &crate::template::Queue, message: &sqs::Outgoing, id: &str| {
        if let Some(correlation) = correlation_of(&message.attributes) {
            let text = format!("queued, {} bytes", message.body.len());
            cloud
                .record
                .entry(Kind::Queue, &queue.name, &correlation, text)
                .reference(Some(id.to_owned()))
                .add();
        }
    };
    match sqs::handle(&cloud.queues, operation, body, caller, sent).await {
        Ok(answer) => (
            [("content-type", "application/x-amz-json-1.0")],
            answer.to_string(),
        )
            .into_response(),
        Err(refusal) => {
            let kind = format!("com.amazonaws.sqs#{}", refusal.kind);
            let fault = if refusal.status.is_server_error() {
                "Receiver"
            } else {
                "Sender"
            };
            let legacy = format!("{};{fault}", refusal.legacy());
            let mut response = error(refusal.status, &kind, &refusal.message);
            if let Ok(value) = legacy.parse() {
                response.headers_mut().insert("x-amzn-query-error", value);
            }
            response
        }
    }
}

fn parameters(cloud: &Cloud, body: &Value) -> Value {
    let names = body
        .get("Names")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let (known, unknown): (Vec<_>, Vec<_>) =
        names.partition(|name| cloud.parameters.contains_key(*name));
    let known: Vec<_> = known
        .into_iter()
        .map(|name| json!({ "Name": name, "Type": "SecureString", "Value": cloud.parameters[name], "Version": 1 }))
        .collect();
    json!({ "Parameters": known, "InvalidParameters": unknown })
}

fn parameter(cloud: &Cloud, body: &Value) -> Response {
    let name = body.get("Name").and_then(Value::as_str).unwrap_or_default();
    match cloud.parameters.get(name) {
        Some(value) => {
            let found =
                json!({ "Name": name, "Type": "SecureString", "Value": value, "Version": 1 });
            axum::Json(json!({ "Parameter": found })).into_response()
        }
        None => error(
            StatusCode::BAD_REQUEST,
            "ParameterNotFound",
            &format!("there is no parameter {name}"),
        ),
    }
}

/// A function may do what its statements in the template allow, here as there.
fn denied(
    cloud: &Cloud,
    caller: &str,
    service: &str,
    operation: &str,
    body: &Value,
) -> Option<Response> {
    let function = cloud.functions.get(caller)?;
    let needed = needed(cloud, service, operation, body);
    let (action, resource) = needed.into_iter().find(|(action, resource)| {
        // SAM gives each function behind a queue a policy of AWS's, for what the poller does in its name.
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
    let text = format!(
        "User: {} is not authorized to perform: {action} on resource: {resource}",
        function.spec.arn
    );
    cloud.record.line(
        &function.spec.name,
        &json!({ "level": "ERROR", "message": text }).to_string(),
    );
    Some(match service {
        "sqs" => error(
            StatusCode::FORBIDDEN,
            "com.amazonaws.sqs#AccessDenied",
            &text,
        ),
        _ => error(StatusCode::BAD_REQUEST, "AccessDeniedException", &text),
    })
}

/// What an operation asks permission for, as IAM sees it.
fn needed(cloud: &Cloud, service: &str, operation: &str, body: &Value) -> Vec<(String, String)> {
    let text = |value: &Value, name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let arn = |rest: &str| {
        format!(
            "arn:aws:{service}:{}:{}:{rest}",
            cloud.region, cloud.account
        )
    };
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
            moves(cloud, operation, body)
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

/// Who moves messages acts on both queues, and who looks at that must be allowed as much of the dead-letter queue.
fn moves(cloud: &Cloud, operation: &str, body: &Value) -> Vec<(String, String)> {
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
        let dlq = cloud.queues.by_arn(&source).ok();
        let back = || {
            dlq.and_then(|dlq| cloud.queues.source_of(dlq))
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

/// `/2015-03-31/functions/{name}/invocations`, the API that `cargo lambda invoke` and the SDKs use.
fn invoked(path: &str) -> Option<&str> {
    path.strip_prefix("/2015-03-31/functions/")?
        .strip_suffix("/invocations")
}

async fn invoke(cloud: &Cloud, name: &str, request: Request) -> Response {
    let Some(function) = cloud.functions.get(name) else {
        return error(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            &format!("Function not found: {name}"),
        );
    };
    let is_event = request
        .headers()
        .get("x-amz-invocation-type")
        .is_some_and(|kind| kind == "Event");
    let Ok(body) = to_bytes(request.into_body(), LARGEST).await else {
        return error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
            "The event is too large.",
        );
    };
    if is_event {
        let text = String::from_utf8_lossy(&body);
        return match cloud.invoke_later(function, &text) {
            Ok(()) => StatusCode::ACCEPTED.into_response(),
            Err(problem) => error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "ServiceException",
                &problem.to_string(),
            ),
        };
    }
    match function.invoke(body).await {
        Outcome::Answered(answer) => (StatusCode::OK, answer).into_response(),
        Outcome::Failed(failure) if failure.is_throttle() => error(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequestsException",
            &failure.message,
        ),
        Outcome::Failed(failure) => {
            let body = Bytes::from(json!(failure).to_string());
            (
                StatusCode::OK,
                [("x-amz-function-error", "Unhandled")],
                body,
            )
                .into_response()
        }
    }
}
