//! Every few minutes: whoever the studio has to think of by itself is thought of, and once a day the packs are.

use std::{sync::Arc, time::Duration};

use confab_core::{EventId, Result};
use confab_lambda::{ScheduledRun, metrics};
use studio_domain::Event;

use crate::{Sweeper, routes::update_images::keep_fresh, services::conversation_queue as news};

/// What is left waits for the next time.
const MOST: usize = 5_000;
const MINUTE: Duration = Duration::from_secs(60);

pub async fn handle(deps: Arc<Sweeper>, tick: ScheduledRun) -> Result<()> {
    let due = deps.store.due(tick.at, MOST).await?;
    if due.len() == MOST {
        metrics::count("SweepNotFinished", "too_many");
    }
    // A schedule that fires twice is one look; somebody who stays due is looked at again.
    let minute = tick.at.as_second() / MINUTE.as_secs().cast_signed();
    let entries = due.into_iter().map(|person| {
        news::entry(
            format!("due#{person}#{minute}"),
            person,
            Event::Due,
            tick.correlation_id,
        )
    });
    deps.people
        .send(&entries.collect::<Result<Vec<_>>>()?)
        .await?;
    let id = EventId::new(tick.at, &deps.entropy);
    // What is nested deeper the compiler gives up on.
    Box::pin(keep_fresh(
        &deps.store,
        &deps.drawing,
        id,
        tick.correlation_id,
    ))
    .await
}
