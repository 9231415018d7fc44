//! The sweep: each minute it queues the carousels whose deadline has passed and the series that are
//! due, and looks at the service: alerts, health, dead letters, hourly counts.

mod watch;

use std::{sync::Arc, time::Duration};

use carousel_domain::{SagaTrigger, Trigger};
use confab_core::Result;
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
const MINUTE: Duration = Duration::from_secs(60);

pub async fn handle(state: Arc<State>, run: ScheduledRun) -> Result<()> {
    let overdue = queue_due(&state, &run).await;
    // The look is taken in trouble above all.
    let watched = watch::watch(&state, &run, overdue.as_ref().ok().copied()).await;
    overdue?;
    watched
}

/// Queues what is due, and returns for how many seconds the longest overdue carousel waits.
async fn queue_due(state: &State, run: &ScheduledRun) -> Result<u64> {
    let due = state.store()?.due(run.at, MAX_DUE).await?;
    if due.len() == MAX_DUE {
        metrics::count("SweepNotFinished", "too_many");
    }
    let carousels = due.iter().filter(|due| due.carousel.is_some());
    let overdue = carousels.map(|due| run.at.duration_since(due.due_at).as_secs());
    let overdue = overdue.max().unwrap_or(0);
    // The minute is part of the id: a schedule that fires twice is one run, and what stays due gets
    // another trigger later.
    let minute = run.at.as_second() / MINUTE.as_secs().cast_signed();
    let mut entries = Vec::new();
    for due in due {
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
    Ok(overdue.unsigned_abs())
}
