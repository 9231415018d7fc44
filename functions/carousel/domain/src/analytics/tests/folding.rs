//! Events become totals: in any order, with copies, and each event type by its own fields.

use std::collections::HashSet;

use confab_contracts::{Contract, Event, carousel::*};
use confab_core::{CorrelationId, EventId, Timestamp};
use serde_json::Value;

use super::*;

/// 2026-11-29T12:00:00Z
pub(super) const START: i64 = 1_795_953_600_000;

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(START + millis).unwrap()
}

pub(super) fn event<D: Contract>(number: u64, occurred_at: Timestamp, data: &D) -> Event<Value> {
    let random: [u8; 10] = std::array::from_fn(|index| number.to_be_bytes()[index % 8]);
    Event {
        id: EventId::new(occurred_at, &|| random),
        event_type: D::TYPE.to_owned(),
        version: D::VERSION,
        occurred_at,
        source: "carousel".to_owned(),
        tenant_id: None,
        correlation_id: CorrelationId::of_event("test"),
        causation_id: "test".to_owned(),
        data: serde_json::to_value(data).unwrap(),
    }
}

fn subject(owner: u64) -> Subject {
    Subject {
        carousel: "01m7ym613fe0yvvhrd4bj8893d".to_owned(),
        revision: 1,
        owner: owner.to_string(),
    }
}

fn requested(owner: u64) -> GenerateRequested {
    GenerateRequested {
        subject: subject(owner),
        origin: Origin::Message,
        source: "topic".to_owned(),
        language: "en".to_owned(),
        template: "essay".to_owned(),
        format: "portrait".to_owned(),
        slides: 7,
    }
}

pub(super) fn completed(millis: u64) -> Completed {
    Completed {
        subject: subject(1),
        origin: Origin::Message,
        language: "he".to_owned(),
        template: "night".to_owned(),
        slides: 7,
        micros: 200,
        spent: Spent {
            micros: 152,
            output_tokens: 610,
            telegram_calls: 9,
            ..Spent::default()
        },
        millis,
    }
}

/// What a carousel used that was not completed.
fn spent_before_the_end() -> Spent {
    Spent {
        micros: 40,
        output_tokens: 90,
        ..Spent::default()
    }
}

fn failed(reason: FailReason) -> Failed {
    Failed {
        subject: subject(1),
        reason,
        spent: spent_before_the_end(),
    }
}

/// Events of several hours and people, of every kind in turn.
fn story(count: u64) -> Vec<Event<Value>> {
    let one = |number: u64| {
        let when = at(i64::try_from(number * 1_700).unwrap());
        let owner = number % 97;
        match number % 6 {
            0 => event(
                number,
                when,
                &MessageReceived {
                    owner: owner.to_string(),
                    kind: "text".into(),
                },
            ),
            1 => event(number, when, &requested(owner)),
            2 => event(
                number,
                when,
                &AnalysisCompleted {
                    subject: subject(owner),
                    is_composed: owner.is_multiple_of(2),
                    millis: number,
                },
            ),
            3 => event(
                number,
                when,
                &ImagesRendered {
                    subject: subject(owner),
                    rendered: 5,
                    reused: 2,
                    first_millis: number,
                    millis: number * 2,
                },
            ),
            4 => event(
                number,
                when,
                &Delivered {
                    subject: subject(owner),
                    millis: number,
                },
            ),
            _ => event(number, when, &completed(number * 3)),
        }
    };
    (0..count).map(one).collect()
}

/// The journal and its rollups, as the worker keeps them: a copy adds nothing.
fn journaled<'a>(events: impl IntoIterator<Item = &'a Event<Value>>) -> Totals {
    let (mut known, mut totals) = (HashSet::new(), Totals::default());
    for event in events {
        if known.insert(event.id) {
            totals.add(&contribution(event));
        }
    }
    totals
}

#[test]
fn ten_thousand_events_with_copies_in_any_order_have_equal_totals() {
    let events = story(10_000);
    let expected = journaled(&events);
    let copies = events.iter().step_by(3);
    let mut delivered: Vec<_> = events.iter().chain(copies).collect();
    // A shuffle that is the same in each run: a walk with a step that is prime to the length.
    let length = delivered.len();
    let shuffled: Vec<_> = (0..length).map(|n| delivered[n * 7_919 % length]).collect();
    assert_eq!(journaled(shuffled.iter().copied()), expected);
    delivered.reverse();
    assert_eq!(journaled(delivered), expected);
    let (one, other) = events.split_at(4_321);
    let mut merged = journaled(one);
    merged.merge(&journaled(other));
    assert!(expected.differences(&merged).is_empty());
    assert_eq!(expected.event_counts().values().sum::<u64>(), 10_000);
}

#[test]
fn one_missing_event_is_a_difference() {
    let events = story(60);
    let (all, fewer) = (journaled(&events), journaled(&events[1..]));
    let differences = all.differences(&fewer);
    assert!(
        differences
            .iter()
            .any(|found| found.what.starts_with("events user.message.received")),
        "{differences:?}"
    );
    assert!(
        differences
            .iter()
            .all(|found| found.journal == found.rollups + 1)
    );
}

#[test]
fn counters_name_metric_and_field() {
    let totals = journaled(&[
        event(1, at(0), &requested(1)),
        event(2, at(0), &requested(2)),
        event(3, at(3_600_000), &completed(900)),
        event(4, at(0), &failed(FailReason::Refused)),
        event(
            5,
            at(0),
            &Cancelled {
                subject: subject(1),
                reason: CancelReason::Unreachable,
                spent: spent_before_the_end(),
            },
        ),
        event(
            6,
            at(0),
            &Edited {
                subject: subject(1),
                change: Change::SlideAgain,
                slide: Some(2),
            },
        ),
        event(
            7,
            at(0),
            &CallFailed {
                failure: CallFailure::Unknown,
            },
        ),
    ]);
    let counters = totals.counters();
    for (name, count) in [
        ("requested", 2),
        ("requested.language.en", 2),
        ("requested.origin.message", 2),
        ("requested.source.topic", 2),
        ("completed.template.night", 1),
        ("cost.micros", 152 + 40 + 40),
        ("tokens.output", 610 + 90 + 90),
        ("telegram.calls", 9),
        ("failed.reason.refused", 1),
        ("cancelled.reason.unreachable", 1),
        ("edits.change.slide_again", 1),
        ("telegram.unknown", 1),
    ] {
        assert_eq!(counters.get(name), Some(&count), "{name}: {counters:?}");
    }
    assert!(
        !counters
            .keys()
            .any(|name| name.starts_with("stage") || name.contains('@'))
    );
    assert_eq!(totals.event_counts()["carousel.generate.requested"], 2);
}

#[test]
fn stages_are_listed_by_the_hour_in_which_they_ended() {
    let events: Vec<_> = (0..100)
        .map(|number| event(number, at(0), &completed(number * 100 + 100)))
        .chain([event(200, at(3_600_000), &completed(50))])
        .collect();
    let rows = stages(&journaled(&events));
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (rows[0].hour.as_str(), rows[0].count),
        ("2026-11-29T12:00:00Z", 100)
    );
    assert!((4_550..=5_450).contains(&rows[0].p50_millis), "{rows:?}");
    assert!((8_645..=10_355).contains(&rows[0].p95_millis), "{rows:?}");
    assert_eq!(rows[1].hour, "2026-11-29T13:00:00Z");
}

#[test]
fn funnel_counts_a_person_once_for_a_step() {
    let message = |owner: &str| MessageReceived {
        owner: owner.into(),
        kind: "text".into(),
    };
    let tap = |action: &str| InteractionTracked {
        owner: "1".into(),
        action: action.into(),
    };
    let day = 24 * 3_600_000;
    let totals = journaled(&[
        event(1, at(0), &message("1")),
        event(2, at(day), &message("1")),
        event(3, at(0), &message("2")),
        event(4, at(0), &requested(1)),
        event(5, at(0), &tap("pd")),
        event(6, at(0), &tap("te")),
    ]);
    let people: Vec<_> = funnel(&totals).iter().map(|row| row.people).collect();
    assert_eq!(people, [2, 1, 0, 0, 1]);
    assert_eq!(totals.people.len(), 3, "a row for each person and day");
    assert!(
        totals.people.keys().all(|(_, person)| person.len() == 24),
        "no id of a person"
    );
}

#[test]
fn events_that_cannot_be_read_and_events_of_unknown_types_count_as_events_alone() {
    let sound = event(1, at(0), &requested(1));
    let older = Event {
        version: 0,
        ..sound.clone()
    };
    let broken = Event {
        data: Value::Null,
        ..sound.clone()
    };
    let strange = Event {
        event_type: "else".into(),
        data: Value::Null,
        ..sound.clone()
    };
    let unreadable = AnalyticsError::Unreadable("carousel.generate.requested".into());
    for (event, unread) in [
        (older, Some(AnalyticsError::UnknownVersion(0))),
        (broken, Some(unreadable)),
        (strange, None),
    ] {
        let added = contribution(&event);
        assert_eq!(added.unread, unread);
        assert_eq!(Vec::from_iter(added.metrics.keys()), [&"events"]);
        assert_eq!(added.person, None);
    }
    let read = contribution(&sound);
    assert_eq!((read.unread, read.metrics.len()), (None, 2));
}

#[test]
fn hours_are_of_one_length_even_before_1970() {
    for millis in [i64::MIN / 1_000_000, -1, 0, 1] {
        let at = Timestamp::from_millisecond(millis).unwrap();
        assert_eq!(hour_of(at), "1970-01-01T00");
        assert_eq!(day_of(at), "1970-01-01");
    }
}

#[test]
fn events_of_one_decision_have_the_order_of_the_pipeline() {
    let chain = [
        "user.message.received",
        "carousel.generate.requested",
        "ai.content.requested",
        "ai.analysis.completed",
        "carousel.content.analyzed",
        "carousel.slides.generated",
        "carousel.images.rendered",
        "carousel.delivered",
        "carousel.completed",
    ];
    assert!(chain.is_sorted_by_key(|event_type| event_rank(event_type)));
    assert!(event_rank("alert.triggered") > event_rank("carousel.cancelled"));
}

#[test]
fn ranks_are_parts_of_keys_and_never_change() {
    for (event_type, rank) in [
        ("user.message.received", 0),
        ("user.interaction.tracked", 1),
        ("carousel.generate.requested", 2),
        ("carousel.edited", 3),
        ("ai.content.requested", 4),
        ("ai.analysis.completed", 5),
        ("carousel.content.analyzed", 6),
        ("carousel.slides.generated", 7),
        ("carousel.images.rendered", 8),
        ("telegram.call.failed", 9),
        ("carousel.delivered", 10),
        ("carousel.completed", 11),
        ("carousel.failed", 12),
        ("carousel.cancelled", 13),
        ("alert.triggered", 99),
        ("unknown", 99),
    ] {
        assert_eq!(event_rank(event_type), rank, "{event_type}");
    }
}
