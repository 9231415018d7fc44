//! The one endpoint of AWS: dispatches calls to services, enforces permissions and counts.

mod email;
mod error;
mod permissions;
mod state;

use std::sync::Arc;

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    caller::{OUTSIDE, access_key},
    dynamodb::CapacityUnits,
    lambda::Outcome,
    recorder::{ApiCall, CallOutcome, EntryKind},
    sqs::NewMessage,
    template::Queue,
    tenants::CallOrigin,
    websocket,
};
use error::error;
use permissions::deny;
pub(crate) use state::Endpoint;

/// The largest request, that of `TransactWriteItems`, is 16 MB.
const MAX_BODY_BYTES: usize = 17 * 1024 * 1024;

pub(crate) fn router(endpoint: Endpoint) -> Router {
    Router::new()
        .fallback(answer)
        .with_state(Arc::new(endpoint))
}

async fn answer(State(endpoint): State<Arc<Endpoint>>, request: Request) -> Response {
    let endpoint = &*endpoint;
    if endpoint.websockets.has_apis() && websocket::is_management_call(request.uri().path()) {
        return websocket::answer_management(&endpoint.websockets, request).await;
    }
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let signer = access_key(request.headers());
    let caller = endpoint.functions.caller(&signer).to_owned();
    if caller != OUTSIDE {
        endpoint.latency.delay_call().await;
    }
    if let Some(name) = invoked_function(request.uri().path()) {
        let name = name.to_owned();
        return invoke(endpoint, &name, request).await;
    }
    if email::is_call(request.uri().path()) {
        return email::answer(endpoint, &signer, &caller, request).await;
    }
    let Some((service, operation)) = target.as_deref().and_then(|target| target.split_once('.'))
    else {
        if request.method() == Method::GET && request.uri().path() == "/" && signer.is_empty() {
            // A client opens a connection ahead of its first call.
            return "healthy".into_response();
        }
        let headers = request.headers();
        let origin = CallOrigin {
            caller: &caller,
            headers,
        };
        let method = request.method().as_str();
        endpoint
            .tenants
            .observe_object(origin, method, request.uri());
        return endpoint.objects.answer(request, &caller).await;
    };
    let (service, operation) = (service.to_owned(), operation.to_owned());
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
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
    let mut units = CapacityUnits::default();
    let response = match deny(endpoint, &signer, service, &operation, &body) {
        Some(denial) => denial,
        None => match service {
            "dynamodb" => {
                let origin = CallOrigin {
                    caller: &caller,
                    headers: &parts.headers,
                };
                let (response, used) = dynamodb(endpoint, origin, &operation, &body).await;
                units = used;
                response
            }
            "sqs" => sqs(endpoint, &operation, &body, &signer).await,
            "events" if operation == "PutEvents" => match endpoint.events.put_events(&body) {
                Ok(answer) => axum::Json(answer).into_response(),
                Err(message) => error(StatusCode::BAD_REQUEST, "ValidationException", &message),
            },
            "ssm" if operation == "GetParameters" => {
                axum::Json(endpoint.parameters.get_many(&body)).into_response()
            }
            "ssm" if operation == "GetParameter" => match endpoint.parameters.get_one(&body) {
                Ok(answer) => axum::Json(answer).into_response(),
                Err(name) => error(
                    StatusCode::BAD_REQUEST,
                    "ParameterNotFound",
                    &format!("there is no parameter {name}"),
                ),
            },
            _ => error(
                StatusCode::NOT_IMPLEMENTED,
                "UnknownOperationException",
                &format!("local's {service} does not know {operation}"),
            ),
        },
    };
    let outcome = match response.status().is_success() {
        true => CallOutcome::Success,
        false if units.condition_failed => CallOutcome::Condition,
        false => CallOutcome::Failure,
    };
    let call = ApiCall {
        service: service.to_owned(),
        operation,
        caller,
    };
    endpoint
        .recorder
        .count_call(call, outcome, units.read, units.write);
    response
}

async fn dynamodb(
    endpoint: &Endpoint,
    origin: CallOrigin<'_>,
    operation: &str,
    body: &Value,
) -> (Response, CapacityUnits) {
    let tenants = &endpoint.tenants;
    tenants.observe_request(origin, operation, body);
    let observe = |answer: &Value| tenants.observe_answer(origin, operation, body, answer);
    endpoint
        .tables
        .forward(operation, origin.headers, body, observe)
        .await
}

async fn sqs(endpoint: &Endpoint, operation: &str, body: &Value, sender: &str) -> Response {
    let sent = |queue: &Queue, message: &NewMessage, id: &str| {
        if let Some(correlation) = crate::sqs::correlation_id(&message.attributes) {
            let text = format!("queued, {} bytes", message.body.len());
            endpoint
                .recorder
                .entry(EntryKind::Queue, &queue.name, &correlation, text)
                .reference(Some(id.to_owned()))
                .add();
        }
    };
    match crate::sqs::handle(&endpoint.queues, operation, body, sender, sent).await {
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
            let legacy = format!("{};{fault}", refusal.legacy_code());
            let mut response = error(refusal.status, &kind, &refusal.message);
            if let Ok(value) = legacy.parse() {
                response.headers_mut().insert("x-amzn-query-error", value);
            }
            response
        }
    }
}

/// Returns the function of `/2015-03-31/functions/{name}/invocations`, which `cargo lambda invoke` and the SDKs call.
fn invoked_function(path: &str) -> Option<&str> {
    path.strip_prefix("/2015-03-31/functions/")?
        .strip_suffix("/invocations")
}

async fn invoke(endpoint: &Endpoint, name: &str, request: Request) -> Response {
    let Some(function) = endpoint.functions.get(name) else {
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
    let Ok(body) = to_bytes(request.into_body(), MAX_BODY_BYTES).await else {
        return error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
            "The event is too large.",
        );
    };
    if is_event {
        let text = String::from_utf8_lossy(&body);
        return match endpoint.invoker.invoke(function, &text) {
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
