//! What the sweep concludes: alerts fire and resolve once, health is told on change, dead letters once.

use std::collections::BTreeMap;

use confab_contracts::{
    carousel::{AnalysisCompleted, CallFailed, CallFailure, FailReason, Failed, Spent, Subject},
    operations::Health,
};
use confab_core::{CorrelationId, Timestamp};

use super::{
    folding::{at, completed, event},
    *,
};

pub(super) const MINUTE: i64 = 60_000;

pub(super) fn seen(totals: &Totals, now: Timestamp) -> WatchContext<'_> {
    WatchContext {
        now,
        correlation_id: CorrelationId::of_event("run"),
        totals,
        parts: BTreeMap::from([("table".to_owned(), true)]),
        overdue_seconds: Some(0),
        is_swept: true,
        dead_letters: Some(0),
        letters: Vec::new(),
        journal_waiting: Some(0),
        has_model: false,
        budget_permille: Some(0),
    }
}

/// A watch that has told of health and owes nothing.
pub(super) fn quiet() -> Watch {
    let mut watch = observe(Watch::default(), &seen(&Totals::default(), at(0)));
    watch.outbox.clear();
    watch
}

fn alerts(watch: &Watch) -> Vec<(&str, bool)> {
    let alerts = watch.outbox.iter().filter_map(|event| match event {
        WatchEvent::Alert(alert) => Some((alert.data.rule.as_str(), alert.data.is_resolved)),
        _ => None,
    });
    alerts.collect()
}

fn totals(events: &[confab_contracts::Event<serde_json::Value>]) -> Totals {
    let mut totals = Totals::default();
    for event in events {
        totals.add(&contribution(event));
    }
    totals
}

fn failed(number: u64, reason: FailReason) -> confab_contracts::Event<serde_json::Value> {
    let subject = Subject {
        carousel: "c".into(),
        revision: 1,
        owner: "1".into(),
    };
    event(
        number,
        at(0),
        &Failed {
            subject,
            reason,
            spent: Spent::default(),
        },
    )
}

/// Looks once a minute, and returns each transition with its minute.
fn transitions(totals: &Totals, minutes: i64) -> Vec<(i64, String, bool)> {
    let (mut watch, mut found) = (quiet(), Vec::new());
    for minute in 0..minutes {
        watch = observe(watch, &seen(totals, at(minute * MINUTE)));
        let told = alerts(&watch);
        found.extend(
            told.iter()
                .map(|(rule, is_resolved)| (minute, (*rule).to_owned(), *is_resolved)),
        );
        watch.outbox.clear();
    }
    found
}

#[test]
fn unknown_message_alerts_once_and_is_resolved_once() {
    let totals = totals(&[event(
        1,
        at(0),
        &CallFailed {
            failure: CallFailure::Unknown,
        },
    )]);
    let expected = [
        (0, "message_unknown".to_owned(), false),
        (20, "message_unknown".to_owned(), true),
    ];
    assert_eq!(transitions(&totals, 60), expected);
}

#[test]
fn failures_alert_above_five_per_cent_of_twenty() {
    let story = |completions: u64, failures: u64, reason| {
        let completions = (0..completions).map(|number| event(number, at(0), &completed(900)));
        let failures = (0..failures).map(|number| failed(1_000 + number, reason));
        transitions(&totals(&completions.chain(failures).collect::<Vec<_>>()), 2)
    };
    assert_eq!(story(18, 2, FailReason::Rendering).len(), 1);
    assert_eq!(
        story(17, 2, FailReason::Rendering).len(),
        0,
        "too few to tell"
    );
    assert_eq!(
        story(19, 1, FailReason::Rendering).len(),
        0,
        "five per cent are allowed"
    );
    assert_eq!(
        story(18, 2, FailReason::Refused).len(),
        0,
        "a refused topic is no failure of ours"
    );
}

#[test]
fn slow_carousels_alert_when_the_ninety_fifth_percentile_is_over_thirty_seconds() {
    let story = |millis| {
        let events: Vec<_> = (0..5)
            .map(|number| event(number, at(0), &completed(millis)))
            .collect();
        transitions(&totals(&events), 1)
    };
    assert_eq!(story(35_000), [(0, "slow_carousels".to_owned(), false)]);
    assert!(story(25_000).is_empty());
}

#[test]
fn rate_limits_alert_above_twenty() {
    let story = |count| {
        let events: Vec<_> = (0..count)
            .map(|number| {
                event(
                    number,
                    at(0),
                    &CallFailed {
                        failure: CallFailure::Limited,
                    },
                )
            })
            .collect();
        transitions(&totals(&events), 1)
    };
    assert_eq!(story(21), [(0, "rate_limited".to_owned(), false)]);
    assert!(story(20).is_empty());
}

#[test]
fn composer_share_alerts_only_while_a_model_is_configured() {
    let written = |number: u64| {
        let subject = Subject {
            carousel: "c".into(),
            revision: 1,
            owner: "1".into(),
        };
        let is_composed = number < 3;
        event(
            number,
            at(0),
            &AnalysisCompleted {
                subject,
                is_composed,
                millis: 5,
            },
        )
    };
    let totals = totals(&(0..10).map(written).collect::<Vec<_>>());
    assert!(transitions(&totals, 1).is_empty());
    let context = WatchContext {
        has_model: true,
        ..seen(&totals, at(0))
    };
    assert_eq!(
        alerts(&observe(quiet(), &context)),
        [("composer_share", false)]
    );
}

#[test]
fn budget_alerts_above_eighty_per_cent() {
    let none = Totals::default();
    let used = |permille| WatchContext {
        has_model: true,
        budget_permille: Some(permille),
        ..seen(&none, at(0))
    };
    assert!(alerts(&observe(quiet(), &used(800))).is_empty());
    assert_eq!(alerts(&observe(quiet(), &used(801))), [("budget", false)]);
}

#[test]
fn gauges_alert_above_their_limit_and_stay_as_they_are_while_unread() {
    let none = Totals::default();
    let overdue = |seconds| WatchContext {
        overdue_seconds: seconds,
        ..seen(&none, at(0))
    };
    assert!(alerts(&observe(quiet(), &overdue(Some(300)))).is_empty());
    let mut open = observe(quiet(), &overdue(Some(301)));
    assert_eq!(alerts(&open), [("carousel_overdue", false)]);
    open.outbox.clear();
    let later = WatchContext {
        now: at(MINUTE),
        is_swept: false,
        ..overdue(None)
    };
    let unread = observe(open.clone(), &later);
    assert_eq!(unread.swept_at, Some(at(0)), "nothing was queued");
    assert_eq!(unread.alerts, open.alerts);
    let resolved = observe(open, &overdue(Some(0)));
    assert_eq!(alerts(&resolved), [("carousel_overdue", true)]);
    assert!(resolved.alerts["carousel_overdue"].resolved_at.is_some());
}

#[test]
fn journal_lags_while_events_wait_and_none_is_journaled() {
    let totals = totals(&[event(1, at(0), &completed(900))]);
    let waiting = |minute: i64| WatchContext {
        journal_waiting: Some(3),
        ..seen(&totals, at(minute * MINUTE))
    };
    let mut watch = quiet();
    let mut told = Vec::new();
    for minute in 0..4 {
        watch = observe(watch, &waiting(minute));
        told.push(alerts(&watch).len());
        watch.outbox.clear();
    }
    assert_eq!(told, [0, 0, 1, 0], "more than a minute, and once");
    let empty = observe(watch, &seen(&totals, at(9 * MINUTE)));
    assert_eq!(alerts(&empty), [("journal_lag", true)]);
}

#[test]
fn journal_lag_stays_open_when_an_hour_leaves_the_window() {
    let full = totals(&[event(1, at(0), &completed(900))]);
    let without_the_hour = Totals::default();
    let progress = totals(&[event(2, at(5 * MINUTE), &completed(900))]);
    let minutes = [
        (&full, 0),
        (&full, 0),
        (&full, 1),
        (&without_the_hour, 0),
        (&without_the_hour, 0),
        (&progress, 1),
    ];
    let mut watch = quiet();
    for (minute, (totals, expected)) in (0..).zip(minutes) {
        let context = WatchContext {
            journal_waiting: Some(3),
            ..seen(totals, at(minute * MINUTE))
        };
        watch = observe(watch, &context);
        assert_eq!(alerts(&watch).len(), expected, "minute {minute}");
        watch.outbox.clear();
    }
}

#[test]
fn health_is_told_on_change_only() {
    let none = Totals::default();
    let with = |table| WatchContext {
        parts: BTreeMap::from([("table".to_owned(), table), ("write".to_owned(), true)]),
        ..seen(&none, at(0))
    };
    let mut watch = Watch::default();
    let mut told = Vec::new();
    for table in [true, true, false, false, true] {
        watch = observe(watch, &with(table));
        let health = watch.outbox.drain(..).filter_map(|event| match event {
            WatchEvent::Health(health) => Some((health.data.status, health.data.failing)),
            _ => None,
        });
        told.push(health.collect::<Vec<_>>());
    }
    let failing = vec!["table".to_owned()];
    let expected = [
        vec![(Health::Healthy, vec![])],
        vec![],
        vec![(Health::Unhealthy, failing)],
        vec![],
        vec![(Health::Healthy, vec![])],
    ];
    assert_eq!(told, expected);
}

#[test]
fn hour_is_collected_once_when_it_is_over() {
    let totals = totals(&[event(1, at(10 * MINUTE), &completed(900))]);
    let mut watch = quiet();
    let mut collected = Vec::new();
    for minute in 1..130 {
        watch = observe(watch, &seen(&totals, at(minute * MINUTE)));
        collected.extend(watch.outbox.drain(..).filter_map(|event| match event {
            WatchEvent::Metrics(metrics) => {
                Some((minute, metrics.data.hour, metrics.data.counters.len()))
            }
            _ => None,
        }));
    }
    let hour = |hour: &str| format!("2026-11-29T{hour}");
    assert_eq!(collected[0], (5, hour("11"), 0));
    assert_eq!((collected[1].0, &collected[1].1), (65, &hour("12")));
    assert!(collected[1].2 > 0);
    assert_eq!(collected.len(), 3);
}
