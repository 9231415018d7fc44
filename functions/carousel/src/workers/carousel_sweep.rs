//! The sweep: each minute it queues the carousels whose deadline has passed and the series that are
//! due.

use std::{sync::Arc, time::Duration};

use carousel_domain::{SagaTrigger, Trigger};
use confab_core::Result;
use confab_lambda::{ScheduledRun, metrics};

use crate::{
    services::conversation_queue,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Store, Part::ConversationQueue];

/// Maximum deadlines of one run; the next one continues.
const MAX_DUE: usize = 5_000;
const MINUTE: Duration = Duration::from_secs(60);

pub async fn handle(state: Arc<State>, run: ScheduledRun) -> Result<()> {
    let due = state.store()?.due(run.at, MAX_DUE).await?;
    if due.len() == MAX_DUE {
        metrics::count("SweepNotFinished", "too_many");
    }
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
    state.conversation_queue()?.send(&entries).await
}
