//! Commands of the carousel's operator. IAM decides who may invoke the function.

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::ports::Functions;

pub(crate) const FUNCTION: &str = "carousel-operator";

/// Has the function execute a command, and returns its answer.
pub(crate) async fn execute<A: DeserializeOwned>(
    place: &impl Functions,
    command: Value,
) -> Result<A> {
    let outcome = place.invoke(FUNCTION, command.to_string()).await?;
    if outcome.has_failed {
        bail!("{FUNCTION} failed at {command}: {}", outcome.payload);
    }
    let read = || format!("{FUNCTION} answered {}", outcome.payload);
    serde_json::from_str(&outcome.payload).with_context(read)
}
