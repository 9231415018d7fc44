//! Series: a carousel on one topic every day or every week, in the person's time zone.

use std::sync::LazyLock;

use confab_core::{Private, Timestamp};
use jiff::{
    civil::{Date, Weekday},
    tz::{TimeZone, TimeZoneDatabase},
};
use serde::{Deserialize, Serialize};

/// Maximum carousels of one series.
pub const MAX_EPISODES: u8 = 30;
pub const MAX_SERIES: usize = 5;

/// The zones that are compiled in: no file is read.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    Daily,
    /// On this day, counted from Monday as 1.
    Weekly {
        weekday: i8,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    Person,
    /// The chat could not be written to. It goes on when it can.
    Unreachable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    pub id: u16,
    pub topic: Private<String>,
    pub cadence: Cadence,
    pub hour: u8,
    /// Carousels that were begun.
    pub made: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<PauseReason>,
    pub next_at: Timestamp,
}

impl Series {
    /// Plans the first time after now. Times that were missed are skipped, so that an outage is
    /// followed by one carousel and not by a burst.
    pub fn plan_after(&mut self, now: Timestamp, zone: &str) {
        self.next_at = next_time(self.cadence, self.hour, &zone_of(zone), now);
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.pause.is_none() && self.next_at <= now
    }

    pub fn is_finished(&self) -> bool {
        self.made >= MAX_EPISODES
    }
}

fn zone_of(name: &str) -> TimeZone {
    ZONES.get(name).unwrap_or(TimeZone::UTC)
}

/// Returns the day of a moment in a zone.
pub(crate) fn day_in(zone: &str, at: Timestamp) -> Date {
    at.to_zoned(zone_of(zone)).date()
}

/// Returns the weekday of a moment in a zone, counted from Monday as 1.
pub(crate) fn weekday_in(zone: &str, at: Timestamp) -> i8 {
    day_in(zone, at).weekday().to_monday_one_offset()
}

/// An hour that a change of clocks skips becomes the one after it.
fn next_time(cadence: Cadence, hour: u8, zone: &TimeZone, now: Timestamp) -> Timestamp {
    let hour = i8::try_from(hour.min(23)).unwrap_or(0);
    let weekday = match cadence {
        Cadence::Daily => None,
        Cadence::Weekly { weekday } => Weekday::from_monday_one_offset(weekday).ok(),
    };
    let mut day = now.to_zoned(zone.clone()).date();
    // A week and a day: today's time may have passed.
    for _ in 0..=8 {
        let at = zone
            .to_timestamp(day.at(hour, 0, 0, 0))
            .unwrap_or(Timestamp::MAX);
        let is_right_day = weekday.is_none_or(|weekday| weekday == day.weekday());
        if is_right_day && at > now {
            return at;
        }
        day = day.tomorrow().unwrap_or(Date::MAX);
    }
    Timestamp::MAX
}

/// Finds a zone by its IANA name or by its city, whatever the case.
pub fn find_zone(text: &str) -> Option<String> {
    let wanted = text.trim().replace(' ', "_");
    if wanted.is_empty() || wanted.len() > 40 {
        return None;
    }
    let names: Vec<_> = ZONES.available().map(|name| name.to_string()).collect();
    let is_exact = |name: &&String| name.eq_ignore_ascii_case(&wanted);
    let is_city = |name: &&String| {
        let city = name.rsplit('/').next().unwrap_or_default();
        name.contains('/') && city.eq_ignore_ascii_case(&wanted)
    };
    let found = names.iter().find(is_exact);
    found.or_else(|| names.iter().find(is_city)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{UiLanguage, texts};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn series(cadence: Cadence, hour: u8) -> Series {
        Series {
            id: 1,
            topic: "rest".into(),
            cadence,
            hour,
            made: 0,
            pause: None,
            next_at: Timestamp::MIN,
        }
    }

    fn next(cadence: Cadence, hour: u8, zone: &str, now: &str) -> String {
        let mut series = series(cadence, hour);
        series.plan_after(at(now), zone);
        series.next_at.to_string()
    }

    #[test]
    fn daily_series_comes_at_the_hour_of_the_zone() {
        let next = |now| next(Cadence::Daily, 9, "Asia/Jerusalem", now);
        assert_eq!(next("2026-11-30T06:59:59Z"), "2026-11-30T07:00:00Z");
        assert_eq!(next("2026-11-30T07:00:00Z"), "2026-12-01T07:00:00Z");
    }

    #[test]
    fn hour_stays_when_clocks_change() {
        let next = |now| next(Cadence::Daily, 9, "Europe/Berlin", now);
        assert_eq!(next("2026-10-24T08:00:00Z"), "2026-10-25T08:00:00Z");
        assert_eq!(next("2026-10-23T08:00:00Z"), "2026-10-24T07:00:00Z");
    }

    #[test]
    fn skipped_hour_becomes_the_next() {
        let next = next(Cadence::Daily, 2, "Europe/Berlin", "2026-03-28T12:00:00Z");
        assert_eq!(next, "2026-03-29T01:00:00Z", "3 o'clock in summer");
    }

    #[test]
    fn weekly_series_keeps_its_day_in_the_zone() {
        // Monday evening in London is Tuesday in Auckland.
        let now = at("2026-11-30T20:00:00Z");
        let weekday = weekday_in("Pacific/Auckland", now);
        assert_eq!(weekday, 2);
        let mut weekly = series(Cadence::Weekly { weekday }, 9);
        weekly.plan_after(now, "Pacific/Auckland");
        assert_eq!(
            weekly.next_at,
            at("2026-12-07T20:00:00Z"),
            "nine o'clock just began"
        );
        weekly.plan_after(at("2026-11-30T19:59:00Z"), "Pacific/Auckland");
        assert_eq!(weekly.next_at, at("2026-11-30T20:00:00Z"));
    }

    #[test]
    fn missed_times_are_skipped_after_an_outage() {
        let mut daily = series(Cadence::Daily, 9);
        daily.plan_after(at("2026-11-01T00:00:00Z"), "UTC");
        let now = at("2026-11-20T12:00:00Z");
        assert!(daily.is_due(now));
        daily.plan_after(now, "UTC");
        assert!(!daily.is_due(now));
        assert_eq!(daily.next_at, at("2026-11-21T09:00:00Z"));
    }

    #[test]
    fn absurd_rows_do_not_panic() {
        let mut broken = series(Cadence::Weekly { weekday: 99 }, 200);
        broken.plan_after(Timestamp::MAX, "Nowhere/Town");
        assert_eq!(broken.next_at, Timestamp::MAX);
        broken.plan_after(Timestamp::MIN, "Nowhere/Town");
        assert!(broken.next_at > Timestamp::MIN);
    }

    #[test]
    fn zones_are_found_by_city_and_by_name() {
        assert_eq!(find_zone("berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(find_zone(" new york ").as_deref(), Some("America/New_York"));
        assert_eq!(
            find_zone("asia/jerusalem").as_deref(),
            Some("Asia/Jerusalem")
        );
        for unknown in ["", "Atlantis", "../etc/passwd", &"x".repeat(5000)] {
            assert_eq!(find_zone(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn offered_zones_exist() {
        for language in UiLanguage::ALL {
            for offered in texts(language).zones {
                assert!(ZONES.get(offered.zone).is_ok(), "{}", offered.zone);
            }
        }
    }
}
