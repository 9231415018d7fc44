//! How often an overdue deadline is queued: after 0, 1, 2, 4, 8, 16 and 32 minutes, and then each hour.
//!
//! A row that no worker can read stays due, and each of its messages becomes a dead letter.

use confab_core::Timestamp;

const HOUR: i64 = 60;

pub(super) fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// Returns whether this run is the first one since the latest turn of a deadline. After an outage that is the next run.
pub(super) fn is_turn(due_at: Timestamp, last_run: Option<Timestamp>, now: Timestamp) -> bool {
    let turn = minute_of(due_at) + latest_turn(minute_of(now) - minute_of(due_at));
    // A run of the future was one of a wrong clock.
    let last_run = last_run.filter(|last_run| *last_run <= now);
    last_run.is_none_or(|last_run| last_run < due_at || minute_of(last_run) < turn)
}

/// Returns the latest turn up to an age. Both are minutes after the deadline.
fn latest_turn(age: i64) -> i64 {
    match age {
        ..=0 => 0,
        1..HOUR => 1 << age.ilog2(),
        HOUR.. => age - age % HOUR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_953_600 + second).unwrap()
    }

    /// Returns the minutes in which a deadline is queued by runs at these seconds.
    fn turns(due_at: i64, runs: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let (mut last_run, mut turns) = (None, Vec::new());
        for run in runs {
            if run >= due_at && is_turn(at(due_at), last_run, at(run)) {
                turns.push(run.div_euclid(60));
            }
            last_run = Some(at(run));
        }
        turns
    }

    #[test]
    fn turns_become_rare_and_each_comes_once() {
        let runs = |offset: i64| (-3..200).map(move |minute| minute * 60 + offset);
        let expected = [0, 1, 2, 4, 8, 16, 32, 60, 120, 180];
        assert_eq!(turns(0, runs(0)), expected);
        assert_eq!(turns(5, runs(20)), expected);
        // The run of the minute was before the deadline.
        assert_eq!(turns(30, runs(20)), expected[1..]);
        let twice = runs(0).flat_map(|run| [run, run]);
        assert_eq!(turns(0, twice), expected);
    }

    #[test]
    fn first_run_after_an_outage_queues_what_it_missed() {
        let with_outage = [0, 1, 2, 3, 37, 38, 39, 130, 131].map(|minute| minute * 60);
        assert_eq!(turns(0, with_outage), [0, 1, 2, 37, 130]);
        assert_eq!(turns(0, [-60, 37 * 60]), [37]);
        assert!(is_turn(at(0), None, at(37 * 60)), "the first run of all");
        assert!(is_turn(at(0), Some(at(90_000)), at(37 * 60)));
    }
}
