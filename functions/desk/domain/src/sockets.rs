//! How many sockets a tenant has open: counted by the hour in which they were opened.
//!
//! API Gateway reports closings at best effort. A socket whose closing was not reported is counted until its hour is
//! past, so that the count cannot drift for longer than a socket lives.

use std::{fmt, time::Duration};

use confab_core::{Timestamp, before};

use crate::Limit;

/// API Gateway closes a socket after two hours.
pub const SOCKET_TTL: Duration = Duration::from_secs(2 * 3_600);
const HOUR_SECONDS: i64 = 3_600;
/// Because the count is not exact, a tenant may open so many times what its plan includes.
const MARGIN: u64 = 2;

/// The hour in which sockets were opened, in UTC. Its text sorts by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketHour(i64);

impl SocketHour {
    pub fn of(connected_at: Timestamp) -> Self {
        Self(connected_at.as_second().div_euclid(HOUR_SECONDS))
    }

    /// Returns the first hour whose sockets may still be open.
    pub fn first_open(now: Timestamp) -> Self {
        Self::of(before(now, SOCKET_TTL))
    }
}

impl fmt::Display for SocketHour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.saturating_mul(HOUR_SECONDS);
        let start = Timestamp::from_second(start).unwrap_or(Timestamp::UNIX_EPOCH);
        // 2026-11-29T12:00:00Z
        let text = start.to_string();
        f.write_str(text.get(..13).unwrap_or(&text))
    }
}

/// Whether one more socket may be opened.
pub fn admits_socket(limit: &Limit, open: u64) -> bool {
    limit
        .most()
        .is_none_or(|most| open < most.saturating_mul(MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LimitName, LimitPolicy};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn sockets_are_counted_for_as_long_as_they_can_be_open() {
        let opened = SocketHour::of(at("2026-11-29T12:59:59Z"));
        assert_eq!(opened.to_string(), "2026-11-29T12");
        let first = |now| SocketHour::first_open(at(now));
        assert!(first("2026-11-29T14:59:59Z") <= opened);
        assert!(first("2026-11-29T15:00:00Z") > opened);
        let next_day = SocketHour::of(at("2026-11-30T00:00:00Z"));
        assert!(opened.to_string() < next_day.to_string() && opened < next_day);
    }

    #[test]
    fn twice_as_many_sockets_as_the_plan_includes_are_admitted() {
        let limit = |cap| Limit {
            name: LimitName::Sockets,
            amount: 50,
            policy: LimitPolicy::Hard,
            cap,
        };
        assert!(admits_socket(&limit(None), 99) && !admits_socket(&limit(None), 100));
        assert!(admits_socket(&limit(Some(3)), 5) && !admits_socket(&limit(Some(3)), 6));
        assert!(!admits_socket(&limit(Some(0)), 0));
        let soft = Limit {
            policy: LimitPolicy::Soft,
            ..limit(None)
        };
        assert!(admits_socket(&soft, u64::MAX));
    }
}
