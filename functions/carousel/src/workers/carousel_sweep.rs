//! The sweep: each minute it queues the carousels whose deadline has passed and the series that are
//! due, and looks at the service: alerts, health, dead letters, hourly counts.

mod repeat;
mod watch;

use std::sync::Arc;

use carousel_domain::{SagaTrigger, Trigger};
use confab_core::{Result, Timestamp};
use confab_lambda::{ScheduledRun, metrics};

use crate::{
    services::conversation_queue,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Journal,
    Part::ConversationQueue,
    Part::WatchedQueues,
    Part::Bus,
];

/// Maximum deadlines of one run; the next one continues.
const MAX_DUE: usize = 5_000;

pub async fn handle(state: Arc<State>, run: ScheduledRun) -> Result<()> {
    let saved = state.journal()?.watch().await;
    // Deadlines do not wait for the journal: without it, all of them are queued.
    let last_run = saved.as_ref().ok().and_then(|saved| saved.watch.swept_at);
    let overdue = queue_due(&state, &run, last_run).await;
    // The look is taken in trouble above all.
    let watched = match saved {
        Ok(saved) => watch::watch(&state, &run, saved, overdue.as_ref().ok()).await,
        Err(error) => Err(error),
    };
    overdue?;
    watched
}

/// What a run found due.
#[derive(Debug)]
struct Overdue {
    /// For how long the longest overdue carousel waits.
    seconds: u64,
    /// Whether the run got through all that is due.
    is_all: bool,
}

/// Queues what is due and has its turn.
async fn queue_due(
    state: &State,
    run: &ScheduledRun,
    last_run: Option<Timestamp>,
) -> Result<Overdue> {
    let due = state.store()?.due(run.at, MAX_DUE).await?;
    let is_all = due.len() < MAX_DUE;
    if !is_all {
        metrics::count("SweepNotFinished", "too_many");
    }
    let carousels = due.iter().filter(|due| due.carousel.is_some());
    let overdue = carousels.map(|due| run.at.duration_since(due.due_at).as_secs());
    let overdue = overdue.max().unwrap_or(0);
    // The minute is part of the id: a schedule that fires twice is one run, and what stays due gets
    // another trigger later.
    let minute = repeat::minute_of(run.at);
    let mut entries = Vec::new();
    let in_turn = |due_at| repeat::is_turn(due_at, last_run, run.at);
    for due in due.into_iter().filter(|due| in_turn(due.due_at)) {
        let (id, trigger) = match due.carousel {
            Some(carousel) => (
                format!("due#{carousel}#{minute}"),
                Trigger::Carousel {
                    carousel,
                    trigger: SagaTrigger::DeadlinePassed,
                },
            ),
            None => (format!("due#{}#{minute}", due.chat), Trigger::SeriesDue),
        };
        let entry = conversation_queue::entry(id, due.chat, trigger, run.correlation_id)?;
        entries.push(entry);
    }
    state.conversation_queue()?.send(&entries).await?;
    Ok(Overdue {
        seconds: overdue.unsigned_abs(),
        is_all,
    })
}
