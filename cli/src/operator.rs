//! Commands of a service's operator. IAM decides who may invoke the function.

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ports::Functions;

pub(crate) const FUNCTION: &str = "carousel-operator";

/// Has the carousel's function execute a command, and returns its answer.
pub(crate) async fn execute<A: DeserializeOwned>(
    place: &impl Functions,
    command: Value,
) -> Result<A> {
    execute_by(place, FUNCTION, command).await
}

/// Has a function execute a command, and returns its answer.
pub(crate) async fn execute_by<A: DeserializeOwned>(
    place: &impl Functions,
    function: &str,
    command: Value,
) -> Result<A> {
    let outcome = place.invoke(function, command.to_string()).await?;
    if outcome.has_failed {
        bail!("{function} failed at {command}: {}", outcome.payload);
    }
    let read = || format!("{function} answered {}", outcome.payload);
    serde_json::from_str(&outcome.payload).with_context(read)
}
