//! Business hours: when people answer, in their time zone, with holidays and changes of clocks.

use std::collections::BTreeSet;

use confab_core::{Error, Result, Timestamp, length};
use jiff::{
    civil::{Date, DateTime, Time, Weekday},
    tz::{AmbiguousOffset, TimeZone},
};
use serde::{Deserialize, Serialize};

use crate::{TimeZoneName, text::clean_line};

const MAX_SPANS_PER_DAY: usize = 4;
const MAX_HOLIDAYS: usize = 100;
const MAX_HOLIDAY_NAME_CHARS: usize = 60;
/// Days that are searched for the next opening.
const MAX_CLOSED_DAYS: usize = 400;
const MINUTES_PER_DAY: u16 = 24 * 60;

/// A time of day in minutes after midnight. `24:00` is the end of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DayTime(u16);

#[cfg(feature = "contract")]
confab_core::describe_as_string!(DayTime, "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$");

impl DayTime {
    /// Parses `09:30`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let is_plain = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if !is_plain(hour) || !is_plain(minute) {
            return None;
        }
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let minutes = hour * 60 + minute;
        (minute < 60 && minutes <= MINUTES_PER_DAY).then_some(Self(minutes))
    }

    /// Returns `None` for the end of the day.
    fn time(self) -> Option<Time> {
        let (hour, minute) = (self.0 / 60, self.0 % 60);
        Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
    }
}

impl TryFrom<String> for DayTime {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("a time of day such as 09:30 is expected")
    }
}

impl From<DayTime> for String {
    fn from(DayTime(minutes): DayTime) -> Self {
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// The time from an opening to a closing on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OpenSpan {
    pub from: DayTime,
    pub to: DayTime,
}

/// The spans of each weekday. A day without spans is closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Week {
    pub mon: Vec<OpenSpan>,
    pub tue: Vec<OpenSpan>,
    pub wed: Vec<OpenSpan>,
    pub thu: Vec<OpenSpan>,
    pub fri: Vec<OpenSpan>,
    pub sat: Vec<OpenSpan>,
    pub sun: Vec<OpenSpan>,
}

impl Week {
    fn days(&self) -> [&Vec<OpenSpan>; 7] {
        let Self {
            mon,
            tue,
            wed,
            thu,
            fri,
            sat,
            sun,
        } = self;
        [mon, tue, wed, thu, fri, sat, sun]
    }

    fn day(&self, weekday: Weekday) -> &[OpenSpan] {
        match weekday {
            Weekday::Monday => &self.mon,
            Weekday::Tuesday => &self.tue,
            Weekday::Wednesday => &self.wed,
            Weekday::Thursday => &self.thu,
            Weekday::Friday => &self.fri,
            Weekday::Saturday => &self.sat,
            Weekday::Sunday => &self.sun,
        }
    }
}

/// A date with spans of its own. Without spans it is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "contract", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    pub date: Date,
    pub name: String,
    #[serde(default)]
    pub spans: Vec<OpenSpan>,
}

/// The business hours of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    pub timezone: TimeZoneName,
    pub week: Week,
    #[serde(default)]
    pub holidays: Vec<Holiday>,
}

impl Hours {
    /// Returns the hours of a new tenant: from nine to five on weekdays.
    pub fn office(timezone: TimeZoneName) -> Self {
        let span = OpenSpan {
            from: DayTime(9 * 60),
            to: DayTime(17 * 60),
        };
        let weekday = || vec![span];
        Self {
            timezone,
            week: Week {
                mon: weekday(),
                tue: weekday(),
                wed: weekday(),
                thu: weekday(),
                fri: weekday(),
                ..Week::default()
            },
            holidays: Vec::new(),
        }
    }

    /// Normalizes names and checks zone, spans and dates.
    pub fn validated(mut self) -> Result<Self> {
        self.timezone = TimeZoneName::parse(self.timezone.as_str())?;
        for spans in self.week.days() {
            check_spans(spans)?;
        }
        if self.holidays.len() > MAX_HOLIDAYS {
            return Err(bad_hours("There can be at most 100 holidays."));
        }
        let mut dates = BTreeSet::new();
        for holiday in &mut self.holidays {
            holiday.name = clean_line(&holiday.name);
            if length(&holiday.name) > MAX_HOLIDAY_NAME_CHARS {
                return Err(bad_hours(
                    "A holiday's name can have at most 60 characters.",
                ));
            }
            check_spans(&holiday.spans)?;
            if !dates.insert(holiday.date) {
                return Err(bad_hours("Two holidays have the same date."));
            }
        }
        self.holidays.sort_by_key(|holiday| holiday.date);
        Ok(self)
    }

    pub fn is_open(&self, at: Timestamp) -> bool {
        let zone = self.timezone.zone();
        let day = at.to_zoned(zone.clone()).date();
        let mut intervals = self.intervals(&zone, day);
        intervals.any(|(from, to)| from <= at && at < to)
    }

    /// Returns the first moment from `after` on when it is open. `None` if that is further away than a year.
    pub fn opens_at(&self, after: Timestamp) -> Option<Timestamp> {
        let zone = self.timezone.zone();
        let mut day = after.to_zoned(zone.clone()).date();
        for _ in 0..MAX_CLOSED_DAYS {
            let open = self.intervals(&zone, day).filter(|(_, to)| *to > after);
            if let Some(from) = open.map(|(from, _)| from).min() {
                return Some(from.max(after));
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn spans(&self, day: Date) -> &[OpenSpan] {
        let holiday = self.holidays.iter().find(|holiday| holiday.date == day);
        holiday.map_or_else(|| self.week.day(day.weekday()), |holiday| &holiday.spans)
    }

    /// Returns the intervals of a day. Those that a change of clocks skips are dropped.
    fn intervals<'a>(
        &'a self,
        zone: &'a TimeZone,
        day: Date,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + 'a {
        let interval = move |span: &OpenSpan| {
            let from = first_moment(zone, day.to_datetime(span.from.time()?))?;
            let to = match span.to.time() {
                Some(time) => last_moment(zone, day.to_datetime(time))?,
                None => first_moment(zone, day.tomorrow().ok()?.to_datetime(Time::midnight()))?,
            };
            (from < to).then_some((from, to))
        };
        self.spans(day).iter().filter_map(interval)
    }
}

/// Returns when a wall clock first shows a time or skips it.
fn first_moment(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    let earlier = ambiguous.earlier().ok()?;
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => {
            let transition = zone.following(earlier).next()?;
            Some(transition.timestamp())
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => Some(earlier),
    }
}

/// Returns when a wall clock last shows a time, or skips it.
fn last_moment(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => first_moment(zone, time),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
            ambiguous.later().ok()
        }
    }
}

fn bad_hours(message: &'static str) -> Error {
    Error::invalid("bad_hours", message)
}

fn check_spans(spans: &[OpenSpan]) -> Result<()> {
    if spans.len() > MAX_SPANS_PER_DAY {
        return Err(bad_hours("A day can have at most four spans."));
    }
    if spans.iter().any(|span| span.from >= span.to) {
        return Err(bad_hours("A span ends after it begins."));
    }
    if spans.windows(2).any(|pair| pair[0].to > pair[1].from) {
        return Err(bad_hours(
            "The spans of a day are in order and do not overlap.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
