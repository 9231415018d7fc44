//! Runners of functions: the one place where an error becomes a status or a failed batch item.
//!
//! Architecture invariant: nothing here knows a product, and handlers know nothing of Lambda's wire formats.

mod authorizer;
mod command;
mod cors;
pub mod extract;
mod health;
mod http;
mod log;
pub mod metrics;
mod operator;
mod panics;
mod platform;
mod queue;
pub mod response;
mod router;
mod schedule;
mod socket;

use std::{future::Future, sync::Arc};

pub use authorizer::{Allow, AuthorizerRequest, run as authorizer};
pub use command::run as command;
pub use health::{Readiness, health};
pub(crate) use http::answer;
pub use http::{ApiRequest, CORRELATION_HEADER, serve};
pub use lambda_runtime::Error as StartError;
pub use log::warn;
pub use operator::{OPERATOR_KEY, Operator, OperatorState};
pub use platform::{OsEntropy, Platform, SystemClock};
pub use queue::{MAX_RECEIVES, QueueMessage, run as queue, run_batched as queue_batch};
pub use response::Response;
pub use router::{Handler, Router};
pub use schedule::{ScheduledRun, run as schedule};
pub use socket::{SocketRequest, run as socket};

/// Returns a part of a service's state, or an internal error when the function did not name that part at start.
pub fn started<'a, T>(part: Option<&'a T>, name: &'static str) -> confab_core::Result<&'a T> {
    part.ok_or_else(|| confab_core::Error::internal("part_not_started", name))
}

/// Starts panics, logs, metrics and the state of a function.
async fn start<D>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
) -> Result<(SystemClock, Arc<D>), StartError> {
    panics::install_hook();
    log::start();
    metrics::start(function);
    let clock = SystemClock::from_env(&platform::environment())?;
    Ok((clock, Arc::new(deps.await?)))
}
