//! The journal: each event of the carousel is kept once, and counted in the same transaction.

use std::sync::Arc;

use confab_contracts::Event;
use confab_core::Result;
use confab_lambda::QueueMessage;
use serde::Deserialize;
use serde_json::Value;

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[Part::Journal];

/// An event, as EventBridge puts it on the queue.
#[derive(Debug, Clone, Deserialize)]
pub struct BusMessage {
    detail: Event<Value>,
}

pub async fn handle(state: Arc<State>, message: QueueMessage<BusMessage>) -> Result<()> {
    let recorded = state.journal()?.record(&message.body.detail).await;
    recorded.map(drop)
}
