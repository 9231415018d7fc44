//! A panic is one failed request or record, not a dead sandbox.

use std::{future::Future, panic::AssertUnwindSafe};

use confab_kernel::{Error, Result};
use futures::FutureExt;

pub(crate) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    // What the work shares is replaced or versioned, never half written: see `Deps` of each service.
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => Err(Error::internal("panicked", text_of(panic.as_ref()))),
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}
