//! On Wednesdays at four: every service is told to look for what nobody needs any more.

use std::sync::Arc;

use confab_kernel::{CleanupDue, Event, EventId, Result};
use confab_lambda::Tick;

use crate::Caretaker;

pub async fn handle(deps: Arc<Caretaker>, tick: Tick) -> Result<()> {
    // A schedule that fires twice is one run.
    let name = format!("weekly-cleanup#{}", tick.at.strftime("%Y-%m-%d"));
    let data = CleanupDue { dry_run: false };
    let due = Event::new(EventId::of_event(&name), tick.at, "maintenance", tick.correlation_id, name, data);
    deps.bus.publish(&[due]).await
}
