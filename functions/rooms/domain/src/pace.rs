//! How busy a room is, from when its latest messages came.

use std::time::Duration;

use confab_core::{Timestamp, before};

/// Ten messages in a second are a busy room: nobody reads them one by one.
const BUSY: usize = 10;
const WHILE: Duration = Duration::from_secs(1);
/// One person says no more than this in that time.
const MOST_OF_ONE: usize = 8;
const BREATH: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub is_busy: bool,
    /// Whoever is about to speak has just said much.
    pub is_too_fast: bool,
}

impl Pace {
    /// `latest`: when the latest messages came, and whether each is of who is about to speak.
    pub fn of(latest: impl IntoIterator<Item = (Timestamp, bool)>, now: Timestamp) -> Self {
        let since = |by: Duration| before(now, by);
        let (mut lately, mut own) = (0, 0);
        for (at, is_own) in latest {
            lately += usize::from(at >= since(WHILE));
            own += usize::from(is_own && at >= since(BREATH));
        }
        Self {
            is_busy: lately >= BUSY,
            is_too_fast: own >= MOST_OF_ONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_busy_and_a_person_too_fast() {
        let at = |ms: i64| Timestamp::from_millisecond(1_000_000 + ms).unwrap();
        let quiet = Pace::of([(at(0), true), (at(400), false)], at(500));
        assert_eq!(
            quiet,
            Pace {
                is_busy: false,
                is_too_fast: false
            }
        );
        let burst = (0..10).map(|n| (at(n * 50), false));
        assert!(Pace::of(burst.clone(), at(500)).is_busy);
        assert!(!Pace::of(burst, at(1_100)).is_busy);
        let own = (0..8).map(|n| (at(n * 500), true));
        assert!(Pace::of(own.clone(), at(4_000)).is_too_fast);
        assert!(!Pace::of(own, at(9_000)).is_too_fast);
    }
}
