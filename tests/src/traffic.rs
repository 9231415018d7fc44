//! What is under way on a `local`: jobs, invocations and webhooks.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::{Place, eventually};

/// Time in which something that is under way moves.
const MOVES_WITHIN: Duration = Duration::from_secs(1);

/// The way from a provider's webhook to what a person gets.
#[derive(Debug)]
pub struct Traffic {
    pub queues: &'static [&'static str],
    /// Others have work of their own.
    pub functions: &'static [&'static str],
    /// The simulator's count of webhooks that are owed to the app, and its field.
    pub owed: (&'static str, &'static str),
}

impl Traffic {
    /// Waits until no webhook is owed, no function is running, and the jobs that can be received do not become fewer:
    /// on a FIFO queue a job may be visible and still wait for one before it.
    pub async fn comes_to_rest(&self, place: &Place) -> Result<()> {
        eventually(|| async {
            let earlier = self.count(place).await?;
            tokio::time::sleep(MOVES_WITHIN).await;
            let later = self.count(place).await?;
            let rests = later == earlier && later.running == 0 && later.owed == 0;
            rests
                .then_some(())
                .with_context(|| format!("{earlier:?}, then {later:?}"))
        })
        .await
    }

    async fn count(&self, place: &Place) -> Result<Counts> {
        let state = place.get("/api/state").await?;
        let mut visible = 0;
        for queue in self.queues {
            visible += place.queue(queue).await?["visible"].as_u64().unwrap_or(0);
        }
        let functions = state["functions"].as_array().into_iter().flatten();
        let on_the_way = functions
            .filter(|function| self.functions.iter().any(|name| function["name"] == *name));
        let running = on_the_way
            .filter_map(|function| function["in_flight"].as_u64())
            .sum();
        let (path, field) = self.owed;
        let owed = place.get(path).await?[field].as_u64().unwrap_or(0);
        Ok(Counts {
            visible,
            running,
            owed,
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Counts {
    visible: u64,
    running: u64,
    owed: u64,
}
