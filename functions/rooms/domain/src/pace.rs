//! How fast messages arrive in a room, by the times of its latest ones.

use std::time::Duration;

use confab_core::{Timestamp, before};

/// A room is busy when this many messages were posted within `BUSY_WINDOW`.
const BUSY_MESSAGES: usize = 10;
const BUSY_WINDOW: Duration = Duration::from_secs(1);
/// One author posts fewer messages than this within `AUTHOR_WINDOW`.
const AUTHOR_MESSAGES: usize = 8;
const AUTHOR_WINDOW: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub is_busy: bool,
    /// The author of the next message has just posted too many.
    pub exceeds_author_limit: bool,
}

impl Pace {
    /// `latest`: the time of each of the latest messages, and whether the next message has the same author.
    pub fn of(latest: impl IntoIterator<Item = (Timestamp, bool)>, now: Timestamp) -> Self {
        let busy_since = before(now, BUSY_WINDOW);
        let author_since = before(now, AUTHOR_WINDOW);
        let (mut recent, mut own) = (0, 0);
        for (at, is_own) in latest {
            recent += usize::from(at >= busy_since);
            own += usize::from(is_own && at >= author_since);
        }
        Self {
            is_busy: recent >= BUSY_MESSAGES,
            exceeds_author_limit: own >= AUTHOR_MESSAGES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_000_000 + ms).unwrap()
    }

    #[test]
    fn rooms_are_busy_with_ten_messages_within_a_second() {
        let quiet = Pace::of([(at(0), true), (at(400), false)], at(500));
        let expected = Pace {
            is_busy: false,
            exceeds_author_limit: false,
        };
        assert_eq!(quiet, expected);
        let burst = (0..10).map(|n| (at(n * 50), false));
        assert!(Pace::of(burst.clone(), at(500)).is_busy);
        assert!(!Pace::of(burst, at(1_100)).is_busy);
    }

    #[test]
    fn authors_are_limited_after_eight_messages_within_five_seconds() {
        let own = (0..8).map(|n| (at(n * 500), true));
        assert!(Pace::of(own.clone(), at(4_000)).exceeds_author_limit);
        assert!(!Pace::of(own, at(9_000)).exceeds_author_limit);
    }
}
