//! A function behind a route of the WebSocket API: what API Gateway makes of its answer.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::{cloud::Cloud, lambda::Outcome};

#[derive(Debug)]
pub(super) enum Reply {
    Answered(Value),
    /// An error, a crash, or no JSON.
    Failed(String),
    Throttled,
    TimedOut,
}

/// The function goes on when nobody waits for it any more, as on AWS.
pub(super) async fn ask(
    cloud: &Cloud,
    function_arn: &str,
    event: &Value,
    patience: Duration,
) -> Reply {
    let Some(function) = cloud.functions.get(function_arn) else {
        return Reply::Failed(format!("{function_arn} is not there"));
    };
    match tokio::time::timeout(patience, function.invoke(Bytes::from(event.to_string()))).await {
        Err(_) => Reply::TimedOut,
        Ok(Outcome::Failed(failure)) if failure.is_throttle() => Reply::Throttled,
        Ok(Outcome::Failed(failure)) => Reply::Failed(failure.message),
        Ok(Outcome::Answered(answer)) => match serde_json::from_slice(&answer) {
            Ok(answer) => Reply::Answered(answer),
            Err(_) => Reply::Failed("the answer is no JSON".to_owned()),
        },
    }
}

/// A function behind a route answers with a status. AWS takes it as a number or as its digits.
pub(super) fn status(answer: &Value) -> Option<u16> {
    let status = answer.get("statusCode")?;
    let number = status.as_u64().or_else(|| status.as_str()?.parse().ok())?;
    u16::try_from(number)
        .ok()
        .filter(|status| (100..600).contains(status))
}
