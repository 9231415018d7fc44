//! Added latency: AWS is farther away than loopback.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

#[derive(Debug, Default)]
pub struct Latency {
    aws_ms: AtomicU64,
    post_ms: AtomicU64,
}

impl Latency {
    /// Sets the delay of each AWS call of a function.
    pub fn set_aws(&self, ms: u64) {
        self.aws_ms.store(ms, Ordering::Relaxed);
    }

    /// Sets the delay of each post to a connection, on top of that of the call.
    pub fn set_post(&self, ms: u64) {
        self.post_ms.store(ms, Ordering::Relaxed);
    }

    pub(crate) async fn delay_call(&self) {
        delay(&self.aws_ms).await;
    }

    pub(crate) async fn delay_post(&self) {
        delay(&self.post_ms).await;
    }

    pub fn snapshot(&self) -> Value {
        json!({ "aws_ms": self.aws_ms.load(Ordering::Relaxed), "post_ms": self.post_ms.load(Ordering::Relaxed) })
    }
}

async fn delay(ms: &AtomicU64) {
    match ms.load(Ordering::Relaxed) {
        0 => {}
        ms => tokio::time::sleep(Duration::from_millis(ms)).await,
    }
}
