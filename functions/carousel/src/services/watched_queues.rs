//! The carousel's queues as the sweep sees them: how much waits, and which jobs were given up.

use confab_aws::{Aws, PeekedMessage, Queue};
use confab_core::{CorrelationId, Result};
use confab_lambda::warn;
use futures::future::join_all;

/// Looks into a dead-letter queue in one run. A later run sees more.
const MAX_PEEKS: usize = 5;

#[derive(Debug)]
pub(crate) struct WatchedQueue {
    /// Such as `confab-carousel-write`.
    pub(crate) name: String,
    queue: Queue,
}

#[derive(Debug)]
pub(crate) struct WatchedQueues {
    pub(crate) queues: Vec<WatchedQueue>,
    pub(crate) dead_letters: Vec<WatchedQueue>,
}

impl WatchedQueues {
    pub(crate) fn new(aws: &Aws, queues: Vec<String>, dead_letters: Vec<String>) -> Self {
        let watched = |urls: Vec<String>| urls.into_iter().map(|url| WatchedQueue::new(aws, url));
        Self {
            queues: watched(queues).collect(),
            dead_letters: watched(dead_letters).collect(),
        }
    }
}

impl WatchedQueue {
    fn new(aws: &Aws, url: String) -> Self {
        Self {
            name: url.rsplit('/').next().unwrap_or_default().to_owned(),
            queue: Queue::new(aws, url),
        }
    }

    /// Returns the name without the stack and the kind, such as `write` or `write-dlq`.
    pub(crate) fn part(&self) -> &str {
        let name = self.name.trim_end_matches(".fifo");
        name.rsplit_once("carousel-").map_or(name, |(_, part)| part)
    }

    /// Returns messages of a dead-letter queue, each once.
    pub(crate) async fn peek(&self) -> Result<Vec<PeekedMessage>> {
        let mut found = Vec::<PeekedMessage>::new();
        for _ in 0..MAX_PEEKS {
            let mut messages = self.queue.peek().await?;
            messages.retain(|message| !found.contains(message));
            if messages.is_empty() {
                break;
            }
            found.append(&mut messages);
        }
        Ok(found)
    }
}

/// Returns how much waits in each queue; `None` for one that does not answer.
pub(crate) async fn depths(
    queues: &[WatchedQueue],
    correlation_id: CorrelationId,
) -> Vec<(&WatchedQueue, Option<u64>)> {
    let depth = |watched: &'_ WatchedQueue| {
        let queue = watched.queue.clone();
        async move { queue.depth().await }
    };
    let depths = join_all(queues.iter().map(depth)).await;
    let depths = depths.into_iter().map(|depth| {
        let logged = depth.inspect_err(|error| {
            warn("queue_not_read", &error.to_string(), correlation_id);
        });
        logged.ok()
    });
    queues.iter().zip(depths).collect()
}
