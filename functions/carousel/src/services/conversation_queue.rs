//! The queue of conversation triggers, with one FIFO group a chat.

use carousel_domain::Trigger;
use confab_aws::Entry;
use confab_core::{CorrelationId, Result};
use serde::{Deserialize, Serialize};

/// A trigger on its way to the chat that it concerns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job")]
pub enum ConversationJob {
    #[serde(rename = "v1")]
    V1 {
        /// The same in every copy of the trigger.
        id: String,
        /// Key of the chat, and of the queue's group.
        chat: String,
        trigger: Trigger,
    },
}

/// Makes the queue entry of a trigger.
pub(crate) fn entry(
    id: String,
    chat: String,
    trigger: Trigger,
    correlation_id: CorrelationId,
) -> Result<Entry> {
    let job = ConversationJob::V1 {
        id: id.clone(),
        chat: chat.clone(),
        trigger,
    };
    Entry::fifo(&chat, &id, &job, correlation_id)
}
