//! Functions behind EventBridge Scheduler. The event's content is ignored: the invocation is the message.

use std::{future::Future, sync::Arc, time::Duration};

use confab_core::{Clock, CorrelationId, Result, Timestamp};
use lambda_runtime::{LambdaEvent, service_fn};
use tracing::Instrument;

use crate::{OsEntropy, StartError, log, panics::caught, start};

/// One run of a schedule.
#[derive(Debug, Clone, Copy)]
pub struct ScheduledRun {
    pub at: Timestamp,
    pub correlation_id: CorrelationId,
    /// How long this invocation may still take.
    pub time_left: Duration,
}

/// Runs a scheduled task until the sandbox ends. An error fails the invocation, which the scheduler tries again.
pub async fn run<D, Fut>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
    task: impl Fn(Arc<D>, ScheduledRun) -> Fut + Clone + Send + Sync + 'static,
) -> Result<(), StartError>
where
    D: Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let (clock, deps) = start(function, deps).await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let (deps, task) = (deps.clone(), task.clone());
        async move {
            let at = clock.now();
            let tick = ScheduledRun {
                at,
                correlation_id: CorrelationId::new(at, &OsEntropy),
                time_left: crate::queue::time_left(&event.context),
            };
            let work =
                caught(async { task(deps, tick).await }).instrument(log::span(tick.correlation_id));
            work.await.map_err(|error| {
                log::failure(&error, tick.correlation_id, &event.context.request_id);
                StartError::from(error.code().to_owned())
            })
        }
    }))
    .await
}
