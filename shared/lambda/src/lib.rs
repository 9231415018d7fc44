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
pub mod reply;
mod schedule;
mod socket;

use std::{future::Future, sync::Arc};

pub use authorizer::{Admitted, Knock, run as authorizer};
pub use health::{Readiness, health};
pub use http::{CORRELATION_HEADER, Call, answer, run as http};
pub use lambda_runtime::Error as StartError;
pub use log::warn;
pub use platform::{OsEntropy, SystemClock, environment};
pub use queue::{Job, TRIES, run as queue, run_together as queue_together};
pub use reply::Reply;
pub use schedule::{Tick, run as schedule};
pub use socket::{Frame, run as socket};

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
