//! Lambda integrations of the WebSocket API.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::lambda::{Functions, Outcome};

#[derive(Debug)]
pub(super) enum Reply {
    Answered(Value),
    /// An error, a crash, or a response that is not JSON.
    Failed(String),
    Throttled,
    TimedOut,
}

/// Invokes a function. It runs on after the timeout, as on AWS.
pub(super) async fn invoke(
    functions: &Functions,
    function_arn: &str,
    event: &Value,
    timeout: Duration,
) -> Reply {
    let Some(function) = functions.get(function_arn) else {
        return Reply::Failed(format!("{function_arn} is not there"));
    };
    match tokio::time::timeout(timeout, function.invoke(Bytes::from(event.to_string()))).await {
        Err(_) => Reply::TimedOut,
        Ok(Outcome::Failed(failure)) if failure.is_throttle() => Reply::Throttled,
        Ok(Outcome::Failed(failure)) => Reply::Failed(failure.message),
        Ok(Outcome::Answered(answer)) => match serde_json::from_slice(&answer) {
            Ok(answer) => Reply::Answered(answer),
            Err(_) => Reply::Failed("the answer is no JSON".to_owned()),
        },
    }
}

/// Returns the response's status, which may be a number or its digits.
pub(super) fn status(answer: &Value) -> Option<u16> {
    let status = answer.get("statusCode")?;
    let number = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    u16::try_from(number)
        .ok()
        .filter(|status| (100..600).contains(status))
}
