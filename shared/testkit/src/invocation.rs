//! Invocations of functions in the process. The emulator tells them apart by the trace header of their calls, which the
//! SDKs send on Lambda.

use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;

tokio::task_local! {
    static INVOCATION: u64;
}

/// The header in which an SDK names the invocation.
pub(crate) const TRACE: &str = "x-amzn-trace-id";

/// Runs a handler as one invocation. A test fails if an invocation touches the keys of two tenants, or if a function
/// touches keys of tenants outside of an invocation.
pub async fn invocation<T>(handler: impl Future<Output = T>) -> T {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    // Boxed, because handlers are large.
    INVOCATION.scope(number, Box::pin(handler)).await
}

/// Returns the trace header of the invocation that runs now.
pub(crate) fn trace() -> Option<HeaderValue> {
    let number = INVOCATION.try_with(|number| *number).ok()?;
    HeaderValue::from_str(&format!("Root=1-test-{number};Sampled=0")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_of_one_invocation_share_a_trace() {
        assert_eq!(trace(), None);
        let two = || invocation(async { (trace(), trace()) });
        let (first, second) = (two().await, two().await);
        assert!(first.0.is_some());
        assert_eq!(first.0, first.1);
        assert_ne!(first.0, second.0);
        assert_eq!(trace(), None);
    }
}
