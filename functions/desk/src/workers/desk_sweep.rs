//! The sweep: once a minute it finds what is due, and leaves each to a job of its own. It reads keys alone.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{ScheduledRun, metrics, warn};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    services::due_jobs::DueJob,
    state::{Part, State},
    store::DUE_SHARDS,
};

pub const PARTS: &[Part] = &[Part::Store, Part::DueJobs];

/// Keys of one partition that one run takes; the next one continues.
const MAX_DUE: usize = 300;
const SHARD_CONCURRENCY: usize = 4;

pub async fn handle(state: Arc<State>, run: ScheduledRun) -> Result<()> {
    let shards: Vec<_> = (0..DUE_SHARDS)
        .map(|shard| queue_due(&state, shard, run))
        .collect();
    stream::iter(shards)
        .buffer_unordered(SHARD_CONCURRENCY)
        .try_collect::<()>()
        .await
}

async fn queue_due(state: &State, shard: u8, run: ScheduledRun) -> Result<()> {
    let due = state.store()?.list_due(shard, run.at, MAX_DUE).await?;
    if due.len() == MAX_DUE {
        metrics::count("SweepNotFinished", "too_many");
    }
    if due.iter().any(Option::is_none) {
        metrics::count("RowUnreadable", "due");
        let place = format!("DUE#{shard}");
        warn("skipped a malformed due key", &place, run.correlation_id);
    }
    let jobs: Vec<_> = due.into_iter().flatten().map(DueJob::from).collect();
    if jobs.is_empty() {
        return Ok(());
    }
    state.due_jobs()?.send(&jobs, run.correlation_id).await
}
