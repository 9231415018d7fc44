//! What the studio's workers tell the one that answers: all that happens to a person goes through its queue.

use confab_aws::{Entry, Queue};
use confab_core::{CorrelationId, Result, UserId};
use studio_domain::{Event, Job};

/// The same news has the same id in every copy.
pub(crate) fn entry(
    id: String,
    person: UserId,
    event: Event,
    correlation_id: CorrelationId,
) -> Result<Entry> {
    let job = Job::V2 {
        id: id.clone(),
        person,
        event,
    };
    Entry::fifo(&person.to_string(), &id, &job, correlation_id)
}

pub(crate) async fn tell(
    queue: &Queue,
    id: String,
    person: UserId,
    event: Event,
    correlation_id: CorrelationId,
) -> Result<()> {
    queue
        .send(&[entry(id, person, event, correlation_id)?])
        .await
}
