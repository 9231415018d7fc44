//! Every dead-letter queue, with how much it holds and for how long.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::json;

use crate::{
    answer::Answer,
    ports::{Queue, Queues},
    words::{row, span, table},
};

/// A dead-letter queue and the queues that give up to it. None of them: a rule or a schedule does.
#[derive(Debug, Clone)]
pub(crate) struct DeadLetters {
    pub(crate) queue: Queue,
    pub(crate) sources: Vec<Queue>,
}

/// Those that a queue names as its own, and those that are called so.
pub(crate) fn all(queues: &[Queue]) -> Vec<DeadLetters> {
    let with_sources = queues.iter().map(|queue| DeadLetters {
        queue: queue.clone(),
        sources: queues
            .iter()
            .filter(|q| q.gives_up_to.as_deref() == Some(&queue.arn))
            .cloned()
            .collect(),
    });
    let is_called_so = |queue: &Queue| queue.name.trim_end_matches(".fifo").ends_with("-dlq");
    with_sources
        .filter(|dlq| !dlq.sources.is_empty() || is_called_so(&dlq.queue))
        .collect()
}

pub(crate) async fn list(place: &impl Queues) -> Result<Answer> {
    let all = all(&place.queues().await?);
    let queues: Vec<_> = all.iter().map(|dlq| dlq.queue.clone()).collect();
    // Without permission for CloudWatch the messages can still be listed.
    let (oldest, unknown) = match place.oldest(&queues).await {
        Ok(oldest) => (oldest, String::new()),
        Err(error) => (
            BTreeMap::new(),
            format!("The ages are not known: {error:#}\n"),
        ),
    };
    let mut rows = vec![row(["queue", "waiting", "in flight", "oldest", "gave up"])];
    let mut found = Vec::new();
    for DeadLetters { queue, sources } in &all {
        let sources: Vec<_> = sources.iter().map(|source| source.name.as_str()).collect();
        let age = oldest.get(&queue.name).filter(|_| queue.depth() > 0);
        rows.push(vec![
            queue.name.clone(),
            queue.visible.to_string(),
            queue.in_flight.to_string(),
            age.map_or_else(|| "-".to_owned(), |age| span(*age)),
            if sources.is_empty() {
                "a rule or a schedule".to_owned()
            } else {
                sources.join(", ")
            },
        ]);
        found.push(json!({
            "queue": queue.name, "waiting": queue.visible, "in_flight": queue.in_flight, "delayed": queue.delayed,
            "oldest_ms": age, "sources": sources,
        }));
    }
    let mut text = match (
        all.is_empty(),
        queues.iter().all(|queue| queue.depth() == 0),
    ) {
        (true, _) => "There is no dead-letter queue.\n".to_owned(),
        (_, true) => format!("{}\nAll are empty.\n", table(&rows, &[1, 2])),
        _ => format!(
            "{}\n`confab dlq QUEUE` shows what a queue holds.\n",
            table(&rows, &[1, 2])
        ),
    };
    text.push_str(&unknown);
    Ok(Answer::fine(text, json!(found)))
}
