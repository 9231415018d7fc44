//! What all parts of the WebSocket API share.

use std::sync::Arc;

use serde_json::Value;

use super::connections::Connections;
use crate::{
    account::Account, clock::Clock, lambda::Functions, latency::Latency, recorder::Recorder,
    template::SocketApi,
};

/// The WebSocket APIs of the template and their connections.
#[derive(Debug)]
pub struct WebSocketGateway {
    pub(super) account: Account,
    pub(super) clock: Arc<Clock>,
    pub(super) connections: Connections,
    pub(super) functions: Arc<Functions>,
    pub(super) latency: Arc<Latency>,
    pub(super) recorder: Arc<Recorder>,
    has_apis: bool,
}

impl WebSocketGateway {
    pub(crate) fn new(
        apis: &[SocketApi],
        account: Account,
        clock: Arc<Clock>,
        functions: Arc<Functions>,
        latency: Arc<Latency>,
        recorder: Arc<Recorder>,
    ) -> Self {
        Self {
            account,
            clock,
            connections: Connections::new(apis),
            functions,
            latency,
            recorder,
            has_apis: !apis.is_empty(),
        }
    }

    pub(crate) fn has_apis(&self) -> bool {
        self.has_apis
    }

    /// Returns the counts of each API.
    pub fn snapshot(&self) -> Value {
        self.connections.snapshot(self.clock.now())
    }

    /// Returns up to `limit` open connections, the newest first.
    pub fn list(&self, limit: usize) -> Vec<Value> {
        self.connections.list(limit)
    }

    /// Resets a connection as a lost network does; false when it is not open. With `silently`, `$disconnect` is not called.
    pub fn drop_connection(&self, id: &str, silently: bool) -> bool {
        self.connections
            .drop_connection(id, silently, self.clock.now())
    }

    /// Closes connections that exceed the idle timeout or the maximum duration.
    pub(crate) fn sweep(&self) {
        self.connections.sweep(self.clock.now());
    }

    /// Sweeps each second, until the runtime stops.
    pub(crate) async fn run_sweeper(self: Arc<Self>) {
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            self.sweep();
        }
    }
}
