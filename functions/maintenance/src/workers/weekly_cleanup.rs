//! Wednesdays at 04:00 UTC: publishes that the weekly cleanup is due.

use std::sync::Arc;

use confab_contracts::{Event, maintenance::CleanupDue};
use confab_core::{EventId, Result, Timestamp};
use confab_lambda::ScheduledRun;

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[Part::Bus];

const DAY_SECONDS: i64 = 24 * 3600;

pub async fn handle(state: Arc<State>, run: ScheduledRun) -> Result<()> {
    let causation_id = format!("weekly-cleanup#{}", run.at.strftime("%Y-%m-%d"));
    let data = CleanupDue { dry_run: false };
    let event = Event::new(
        event_id(run.at),
        run.at,
        "maintenance",
        run.correlation_id,
        causation_id,
        data,
    );
    state.bus()?.publish(&[event]).await
}

/// Derives the event id from the day: a schedule that fires twice a day publishes one event. Ids
/// sort by time.
fn event_id(at: Timestamp) -> EventId {
    let second = at.as_second();
    let midnight = Timestamp::from_second(second - second.rem_euclid(DAY_SECONDS)).unwrap_or(at);
    EventId::new(midnight, &|| *b"weekly-run")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn runs_of_one_day_share_an_event_id_that_sorts_after_earlier_runs() {
        let run = event_id(at("2026-11-25T04:00:00Z"));
        assert_eq!(run, event_id(at("2026-11-25T04:00:59.9Z")));
        let manual = EventId::new(at("2026-11-24T23:59:59Z"), &|| [255; 10]);
        let weeks = [
            "2026-11-18T04:00:00Z",
            "2026-12-02T04:00:00Z",
            "2027-01-06T04:00:00Z",
        ]
        .map(|day| event_id(at(day)));
        let runs = [weeks[0], manual, run, weeks[1], weeks[2]].map(|run| run.to_string());
        assert!(runs.is_sorted(), "{runs:?}");
    }
}
