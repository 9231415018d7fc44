//! On Wednesdays at four: every service is told to look for what nobody needs any more.

use std::sync::Arc;

use confab_contracts::{Event, maintenance::CleanupDue};
use confab_core::{EventId, Result, Timestamp};
use confab_lambda::ScheduledRun;

use crate::Caretaker;

pub async fn handle(deps: Arc<Caretaker>, tick: ScheduledRun) -> Result<()> {
    let name = format!("weekly-cleanup#{}", tick.at.strftime("%Y-%m-%d"));
    let data = CleanupDue { dry_run: false };
    let due = Event::new(
        run_of(tick.at),
        tick.at,
        "maintenance",
        tick.correlation_id,
        name,
        data,
    );
    deps.bus.publish(&[due]).await
}

const DAY_SECONDS: i64 = 24 * 3600;

/// Names the run of a day: a schedule that fires twice starts one run, and runs sort by time.
fn run_of(at: Timestamp) -> EventId {
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
    fn run_of_a_day_has_one_id_and_sorts_after_earlier_runs() {
        let run = run_of(at("2026-11-25T04:00:00Z"));
        assert_eq!(run, run_of(at("2026-11-25T04:00:59.9Z")));
        let by_hand = EventId::new(at("2026-11-24T23:59:59Z"), &|| [255; 10]);
        let weeks = [
            "2026-11-18T04:00:00Z",
            "2026-12-02T04:00:00Z",
            "2027-01-06T04:00:00Z",
        ]
        .map(|day| run_of(at(day)));
        let runs = [weeks[0], by_hand, run, weeks[1], weeks[2]].map(|run| run.to_string());
        assert!(runs.is_sorted(), "{runs:?}");
    }
}
