//! A panic is one failed request or record, not a dead sandbox.

use std::{future::Future, panic::AssertUnwindSafe};

use confab_core::{Error, Result};
use futures::FutureExt;

pub(crate) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    // Shared state is replaced or versioned, never half written.
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => result,
        Err(_) => Err(Error::internal("panicked", "the line before says where")),
    }
}

/// Logs the place of each panic, but not its text, which may quote a person.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(
            at = panic.location().map(tracing::field::display),
            "panicked"
        );
    }));
}
