//! The sweep: every few minutes it queues the timers that are due, and once a day a refresh of the
//! packs.

use std::{sync::Arc, time::Duration};

use confab_core::{EventId, Result};
use confab_lambda::{ScheduledRun, metrics};
use studio_domain::Trigger;

use crate::{
    services::{conversation_queue, pack_refresh::refresh_if_stale},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Store, Part::ConversationQueue, Part::PackQueue];

/// Maximum timers of one run; the next one continues.
const MAX_TIMERS: usize = 5_000;
const MINUTE: Duration = Duration::from_secs(60);

pub async fn handle(state: Arc<State>, run: ScheduledRun) -> Result<()> {
    let due = state.store()?.due_users(run.at, MAX_TIMERS).await?;
    if due.len() == MAX_TIMERS {
        metrics::count("SweepNotFinished", "too_many");
    }
    // The minute is part of the id: a schedule that fires twice is one run, and users who stay due
    // get another timer later.
    let minute = run.at.as_second() / MINUTE.as_secs().cast_signed();
    let mut entries = Vec::new();
    for user_id in due {
        let id = format!("due#{user_id}#{minute}");
        let trigger = Trigger::TimerFired;
        entries.push(conversation_queue::entry(
            id,
            user_id,
            trigger,
            run.correlation_id,
        )?);
    }
    state.conversation_queue()?.send(&entries).await?;
    let id = EventId::new(run.at, &state.entropy);
    // Boxed, because the compiler gives up on deeper nesting.
    Box::pin(refresh_if_stale(&state, id, run.correlation_id)).await
}
