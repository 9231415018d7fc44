//! The queue of conversation triggers, with one FIFO group a user.

use confab_aws::{Entry, Queue};
use confab_core::{CorrelationId, Result, UserId};
use studio_domain::{Job, Trigger};

/// Makes the queue entry of a trigger. Copies of a trigger carry the same `id`.
pub(crate) fn entry(
    id: String,
    user_id: UserId,
    trigger: Trigger,
    correlation_id: CorrelationId,
) -> Result<Entry> {
    let job = Job::V2 {
        id: id.clone(),
        user_id,
        trigger,
    };
    Entry::fifo(&user_id.to_string(), &id, &job, correlation_id)
}

pub(crate) async fn send(
    queue: &Queue,
    id: String,
    user_id: UserId,
    trigger: Trigger,
    correlation_id: CorrelationId,
) -> Result<()> {
    let entry = entry(id, user_id, trigger, correlation_id)?;
    queue.send(&[entry]).await
}
