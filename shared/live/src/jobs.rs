//! The queue of broadcasts: one FIFO group a channel, so that its updates are delivered in order.

use confab_aws::{Entry, Queue};
use confab_core::{CorrelationId, Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Channel;

/// SQS takes 256 KB a message. A hundred long messages are more.
const MAX_JOB_BYTES: usize = 200 * 1024;

/// Updates for all connections of a channel. Each version is a variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "version")]
pub enum BroadcastJob<Id, Update> {
    // Jobs in the queue keep the names of their fields.
    #[serde(rename = "1")]
    V1 {
        #[serde(rename = "room")]
        channel: Id,
        at: Timestamp,
        #[serde(rename = "news")]
        updates: Vec<Update>,
        /// The cursor of a broadcast that another job continues: the sort key of the last connection served.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
}

/// Updates of one channel that are published together.
#[derive(Debug, Clone)]
pub struct Publication<Id, Update> {
    pub channel: Id,
    /// Within five minutes, SQS drops others with the same key.
    pub idempotency_key: String,
    pub updates: Vec<Update>,
}

/// The queue of all channels of a service.
#[derive(Debug)]
pub struct BroadcastQueue(Queue);

impl BroadcastQueue {
    pub fn new(queue: Queue) -> Self {
        Self(queue)
    }

    /// Publishes an update to a channel. Within five minutes, SQS drops others with the same idempotency key.
    pub async fn publish<C: Channel>(
        &self,
        channel: &C::Id,
        idempotency_key: &str,
        at: Timestamp,
        update: C::Update,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        let job = BroadcastJob::V1 {
            channel,
            at,
            updates: vec![update],
            after: None,
        };
        let entry = Entry::fifo(&channel.to_string(), idempotency_key, &job, correlation_id)?;
        self.0.send(&[entry]).await
    }

    /// Publishes to several channels, ten of them in one call.
    pub async fn publish_all<C: Channel>(
        &self,
        publications: Vec<Publication<C::Id, C::Update>>,
        at: Timestamp,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        let mut entries = Vec::new();
        for Publication {
            channel,
            idempotency_key,
            updates,
        } in publications
        {
            let job = BroadcastJob::V1 {
                channel: &channel,
                at,
                updates,
                after: None,
            };
            let group = channel.to_string();
            entries.push(Entry::fifo(&group, &idempotency_key, &job, correlation_id)?);
        }
        self.0.send(&entries).await
    }

    /// Leaves the connections after a cursor to later jobs.
    pub(crate) async fn continue_after<C: Channel>(
        &self,
        cursor: &str,
        channel: &C::Id,
        updates: Vec<C::Update>,
        at: Timestamp,
        correlation_id: CorrelationId,
    ) -> Result<()> {
        let mut entries = Vec::new();
        for (index, updates) in split_into_jobs(updates)?.into_iter().enumerate() {
            let key = format!("on#{channel}#{cursor}#{}#{index}", at.as_millisecond());
            let job = BroadcastJob::V1 {
                channel,
                at,
                updates,
                after: Some(cursor.to_owned()),
            };
            let group = channel.to_string();
            entries.push(Entry::fifo(&group, &key, &job, correlation_id)?);
        }
        self.0.send(&entries).await
    }

    pub async fn depth(&self) -> Result<u64> {
        self.0.depth().await
    }
}

/// Splits updates, in order, into parts that fit into a queue message each.
fn split_into_jobs<Update: Serialize>(updates: Vec<Update>) -> Result<Vec<Vec<Update>>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for update in updates {
        let size = serde_json::to_string(&update)
            .map_err(|e| Error::internal("render_failed", e))?
            .len();
        if bytes + size > MAX_JOB_BYTES && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        bytes += size;
        part.push(update);
    }
    parts.push(part);
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// API Gateway was slow, and the rest of the channel is left to another invocation.
    #[test]
    fn continuations_fit_into_a_queue_message_and_keep_the_order() {
        let updates: Vec<_> = (1..=100)
            .map(|seq| format!("{seq:04}{}", "ש".repeat(2_000)))
            .collect();
        let parts = split_into_jobs(updates.clone()).unwrap();
        assert!(parts.len() > 1);
        for part in &parts {
            assert!(serde_json::to_string(part).unwrap().len() < 240 * 1024);
        }
        assert_eq!(parts.concat(), updates);
    }

    #[test]
    fn jobs_keep_their_names_on_the_wire() {
        let job = BroadcastJob::V1 {
            channel: "1111111111",
            at: Timestamp::UNIX_EPOCH,
            updates: vec!["typing"],
            after: None,
        };
        let expected = json!({
            "version": "1",
            "room": "1111111111",
            "at": "1970-01-01T00:00:00Z",
            "news": ["typing"],
        });
        assert_eq!(serde_json::to_value(job).unwrap(), expected);
    }
}
