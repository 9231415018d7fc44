use std::time::Duration;

use confab_core::after;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn span(from: &str, to: &str) -> OpenSpan {
    OpenSpan {
        from: DayTime::parse(from).unwrap(),
        to: DayTime::parse(to).unwrap(),
    }
}

fn weekdays(timezone: &str, spans: &[OpenSpan]) -> Hours {
    let day = spans.to_vec();
    let week = Week {
        mon: day.clone(),
        tue: day.clone(),
        wed: day.clone(),
        thu: day.clone(),
        fri: day,
        ..Week::default()
    };
    let hours = Hours {
        timezone: TimeZoneName::parse(timezone).unwrap(),
        week,
        holidays: Vec::new(),
    };
    hours.validated().unwrap()
}

fn every_day(timezone: &str, spans: &[OpenSpan]) -> Hours {
    let mut hours = weekdays(timezone, spans);
    hours.week.sat = spans.to_vec();
    hours.week.sun = spans.to_vec();
    hours
}

#[test]
fn hours_are_those_of_the_zone() {
    let hours = weekdays("Asia/Jerusalem", &[span("09:00", "17:00")]);
    // 30 November 2026 is a Monday.
    assert!(!hours.is_open(at("2026-11-30T06:59:59Z")));
    assert!(hours.is_open(at("2026-11-30T07:00:00Z")));
    assert!(hours.is_open(at("2026-11-30T14:59:59Z")));
    assert!(!hours.is_open(at("2026-11-30T15:00:00Z")));
}

#[test]
fn next_opening_skips_closed_days() {
    let hours = weekdays(
        "Europe/Berlin",
        &[span("09:00", "12:00"), span("13:00", "18:00")],
    );
    let opens = |text| hours.opens_at(at(text)).unwrap();
    assert_eq!(
        opens("2026-11-30T11:30:00Z"),
        at("2026-11-30T12:00:00Z"),
        "after lunch"
    );
    assert_eq!(
        opens("2026-11-30T12:30:00Z"),
        at("2026-11-30T12:30:00Z"),
        "it is open"
    );
    assert_eq!(
        opens("2026-12-04T17:00:00Z"),
        at("2026-12-07T08:00:00Z"),
        "after the weekend"
    );
}

#[test]
fn opening_stays_at_the_wall_clock_when_clocks_change() {
    let hours = every_day("Europe/Berlin", &[span("09:00", "17:00")]);
    let opens = |text| hours.opens_at(at(text)).unwrap();
    assert_eq!(
        opens("2026-03-28T18:00:00Z"),
        at("2026-03-29T07:00:00Z"),
        "summer begins"
    );
    assert_eq!(
        opens("2026-10-24T18:00:00Z"),
        at("2026-10-25T08:00:00Z"),
        "winter begins"
    );
}

#[test]
fn skipped_times_are_the_moment_of_the_change() {
    // 02:00 to 03:00 does not exist on this day.
    let opens = |hours: &Hours| hours.opens_at(at("2026-03-29T00:30:00Z")).unwrap();
    let opening = every_day("Europe/Berlin", &[span("02:30", "04:00")]);
    assert_eq!(
        opens(&opening),
        at("2026-03-29T01:00:00Z"),
        "03:00 in summer"
    );
    assert!(
        !opening.is_open(at("2026-03-29T02:00:00Z")),
        "04:00 in summer"
    );
    let closing = every_day("Europe/Berlin", &[span("01:00", "02:30")]);
    assert!(closing.is_open(at("2026-03-29T00:59:59Z")));
    assert!(!closing.is_open(at("2026-03-29T01:00:00Z")));
    let skipped = every_day("Europe/Berlin", &[span("02:10", "02:50")]);
    assert_eq!(opens(&skipped), at("2026-03-30T00:10:00Z"), "the next day");
}

#[test]
fn repeated_hour_is_open_twice() {
    // 02:00 to 03:00 comes twice on this day, and so does the closing time.
    let hours = every_day("Europe/Berlin", &[span("01:00", "02:30")]);
    assert!(hours.is_open(at("2026-10-25T00:15:00Z")), "02:15 in summer");
    assert!(hours.is_open(at("2026-10-25T01:15:00Z")), "02:15 in winter");
    assert!(!hours.is_open(at("2026-10-25T01:30:00Z")));
}

#[test]
fn span_to_24_00_ends_at_midnight() {
    let hours = every_day("America/New_York", &[span("00:00", "24:00")]);
    for text in [
        "2026-03-08T06:59:59Z",
        "2026-11-01T05:30:00Z",
        "2026-07-05T03:59:59Z",
    ] {
        assert!(hours.is_open(at(text)), "{text}");
        assert_eq!(hours.opens_at(at(text)), Some(at(text)));
    }
}

#[test]
fn holidays_replace_the_weekday() {
    let mut hours = weekdays("UTC", &[span("09:00", "17:00")]);
    let date = |text: &str| text.parse().unwrap();
    hours.holidays = vec![
        Holiday {
            date: date("2026-12-25"),
            name: " Christmas ".into(),
            spans: vec![],
        },
        Holiday {
            date: date("2026-12-24"),
            name: "Eve".into(),
            spans: vec![span("09:00", "12:00")],
        },
    ];
    let hours = hours.validated().unwrap();
    assert_eq!(hours.holidays[1].name, "Christmas");
    assert!(hours.is_open(at("2026-12-24T11:00:00Z")));
    assert!(!hours.is_open(at("2026-12-24T13:00:00Z")));
    assert!(!hours.is_open(at("2026-12-25T11:00:00Z")));
    assert_eq!(
        hours.opens_at(at("2026-12-24T12:00:00Z")),
        Some(at("2026-12-28T09:00:00Z"))
    );
}

#[test]
fn hours_that_never_open_have_no_opening() {
    let hours = weekdays("UTC", &[]);
    assert_eq!(hours.opens_at(at("2026-11-30T00:00:00Z")), None);
    assert!(!hours.is_open(Timestamp::MAX));
    assert_eq!(hours.opens_at(Timestamp::MAX), None);
    assert_eq!(hours.opens_at(Timestamp::MIN), None);
}

#[test]
fn bad_hours_are_refused() {
    let hours = |spans: &[(&str, &str)]| {
        let spans = spans.iter().map(|(from, to)| span(from, to)).collect();
        let week = Week {
            mon: spans,
            ..Week::default()
        };
        Hours {
            timezone: TimeZoneName::default(),
            week,
            holidays: vec![],
        }
    };
    for spans in [
        &[("10:00", "10:00")][..],
        &[("12:00", "10:00")],
        &[("09:00", "12:00"), ("11:00", "13:00")],
        &[("13:00", "14:00"), ("09:00", "10:00")],
        &[
            ("01:00", "02:00"),
            ("03:00", "04:00"),
            ("05:00", "06:00"),
            ("07:00", "08:00"),
            ("09:00", "10:00"),
        ],
    ] {
        assert_eq!(
            hours(spans).validated().unwrap_err().code(),
            "bad_hours",
            "{spans:?}"
        );
    }
    let nowhere = Hours {
        timezone: serde_json::from_value("Nowhere/Town".into()).unwrap(),
        ..hours(&[])
    };
    assert_eq!(nowhere.validated().unwrap_err().code(), "bad_timezone");
    for text in [
        "9:00",
        "24:01",
        "12:60",
        "-1:00",
        "12",
        "",
        "aa:bb",
        "１２:００",
    ] {
        assert_eq!(DayTime::parse(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn opening_is_the_first_open_moment(
        second in 1_767_225_600_i64..1_798_761_600,
        from in 0_u16..1_439,
        minutes in 1_u16..600,
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo"]),
    ) {
        let to = (from + minutes).min(MINUTES_PER_DAY);
        let hours = weekdays(zone, &[OpenSpan { from: DayTime(from), to: DayTime(to) }]);
        let start = Timestamp::from_second(second).unwrap();
        let opens = hours.opens_at(start).unwrap();
        prop_assert!(opens >= start && hours.is_open(opens));
        if opens > start {
            for step in 0_u32..50 {
                let gap = u64::try_from(opens.as_second() - start.as_second()).unwrap();
                let between = after(start, Duration::from_secs(gap * u64::from(step) / 50));
                prop_assert!(!hours.is_open(between), "{between}");
            }
        }
    }
}

#[test]
fn hours_of_a_new_tenant_are_valid_and_closed_at_weekends() {
    let office = Hours::office(TimeZoneName::default());
    assert_eq!(office.clone().validated().unwrap(), office);
    let is_open = |text: &str| office.is_open(text.parse().unwrap());
    assert!(is_open("2026-11-27T09:00:00Z") && is_open("2026-11-27T16:59:59Z"));
    assert!(!is_open("2026-11-27T17:00:00Z") && !is_open("2026-11-28T12:00:00Z"));
}
