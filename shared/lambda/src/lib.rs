//! How a function starts and answers. The one place where an error becomes a status or a failed batch item.
//!
//! Architecture invariant: nothing here knows a product, and handlers know nothing of Lambda's wire formats.

mod authorizer;
mod health;
mod http;
mod log;
pub mod metrics;
mod panics;
mod platform;
mod queue;
pub mod response;
mod schedule;
mod socket;

use std::{future::Future, sync::Arc};

pub use authorizer::{Allow, AuthorizerRequest, run as authorizer};
pub use health::{Readiness, health};
pub use http::{ApiRequest, CORRELATION_HEADER, answer, run as http};
pub use lambda_runtime::Error as StartError;
pub use log::warn;
pub use platform::{OsEntropy, SystemClock, environment};
pub use queue::{MAX_RECEIVES, QueueMessage, run as queue, run_together as queue_batch};
pub use response::Response;
pub use schedule::{ScheduledRun, run as schedule};
pub use socket::{SocketRequest, run as socket};

/// What every function does first, whatever calls it.
async fn start<D>(
    function: &'static str,
    deps: impl Future<Output = Result<D, StartError>>,
) -> Result<(SystemClock, Arc<D>), StartError> {
    panics::be_discreet();
    log::start();
    metrics::start(function);
    let clock = SystemClock::from_env(&environment())?;
    Ok((clock, Arc::new(deps.await?)))
}
