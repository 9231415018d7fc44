//! A panic is one failed request or record, not a dead sandbox.

use std::{future::Future, panic::AssertUnwindSafe};

use confab_core::{Error, Result};
use futures::FutureExt;

pub(crate) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    // What the work shares is replaced or versioned, never half written: see `Deps` of each service.
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => result,
        Err(_) => Err(Error::internal("panicked", "the line before says where")),
    }
}

/// From now on a panic says where it happened, as a line of our log, and not its text: that may quote what a person
/// wrote.
pub(crate) fn be_discreet() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(
            at = panic.location().map(tracing::field::display),
            "panicked"
        );
    }));
}
