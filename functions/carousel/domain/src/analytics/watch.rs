//! What the sweep remembers: open alerts, health, and the events that it owes.
//!
//! An event is decided once, saved with the state that it follows from, and published until that succeeds.

use std::{collections::BTreeMap, time::Duration};

use confab_contracts::{
    Contract, Event,
    operations::{
        AlertTriggered, ErrorOccurred, Health, HealthChecked, MetricsCollected, Severity,
    },
};
use confab_core::{CorrelationId, EventId, Timestamp, before};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ALERT_RULES, Gauge, Observation, Totals, hour_of, measure};

const SOURCE: &str = "carousel";
const CAUSE: &str = "carousel-sweep";

/// An hour is collected so much later, when most of its late events are there.
const COLLECTION_DELAY: Duration = Duration::from_secs(5 * 60);

/// Dead letters that are remembered. Further ones are reported when earlier ones are gone.
const MAX_DEAD_LETTERS: usize = 1_000;

/// Runs without a dead letter after which they are gone. SQS counts approximately.
const EMPTY_RUNS: u32 = 10;

/// As long as a dead-letter queue keeps a message.
const LETTER_RETENTION: Duration = Duration::from_secs(14 * 24 * 3_600);

/// Events that may be owed before letters wait, so that the state fits into one row.
const MAX_OWED: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertState {
    pub severity: Severity,
    pub since: Timestamp,
    pub resolved_at: Option<Timestamp>,
    /// The value at the last transition.
    pub value: u64,
    pub limit: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthState {
    /// Whether each part answered.
    pub parts: BTreeMap<String, bool>,
    pub checked_at: Timestamp,
}

/// A message of a dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterSeen {
    pub queue: String,
    pub message: String,
    pub reason: String,
    pub correlation_id: CorrelationId,
}

/// An event that the sweep publishes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum WatchEvent {
    Alert(Event<AlertTriggered>),
    Health(Event<HealthChecked>),
    Metrics(Event<MetricsCollected>),
    Error(Event<ErrorOccurred>),
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Watch {
    pub alerts: BTreeMap<String, AlertState>,
    pub health: Option<HealthState>,
    /// The last run in which all that was due had its turn.
    #[serde(default)]
    pub swept_at: Option<Timestamp>,
    /// The last hour whose counts were published.
    collected: Option<String>,
    /// Events in the journal at the last look, and since when there are no more although some wait.
    journaled: u64,
    stuck_since: Option<Timestamp>,
    /// When each dead letter was reported.
    dead_letters: BTreeMap<String, Timestamp>,
    /// Runs in a row that saw no dead letter.
    #[serde(default)]
    empty_runs: u32,
    /// Events to publish.
    pub outbox: Vec<WatchEvent>,
}

/// What one run of the sweep saw. `None` is what could not be read.
#[derive(Debug)]
pub struct WatchContext<'a> {
    pub now: Timestamp,
    pub correlation_id: CorrelationId,
    /// Totals of this hour and the one before.
    pub totals: &'a Totals,
    pub parts: BTreeMap<String, bool>,
    pub overdue_seconds: Option<u64>,
    /// Whether all that was due had its turn.
    pub is_swept: bool,
    pub dead_letters: Option<u64>,
    pub letters: Vec<DeadLetterSeen>,
    pub journal_waiting: Option<u64>,
    pub has_model: bool,
    pub budget_permille: Option<u64>,
}

/// Returns the state after a run, with the events that follow.
pub fn observe(mut watch: Watch, seen: &WatchContext<'_>) -> Watch {
    let gauges = [
        (Gauge::OverdueSeconds, seen.overdue_seconds),
        (Gauge::DeadLetters, seen.dead_letters),
        (Gauge::JournalLagSeconds, watch.journal_lag(seen)),
        (Gauge::BudgetPermille, seen.budget_permille),
    ];
    let gauges = gauges
        .into_iter()
        .filter_map(|(gauge, value)| Some((gauge, value?)));
    let observation = Observation {
        now: seen.now,
        totals: seen.totals,
        gauges: gauges.collect(),
        has_model: seen.has_model,
    };
    if seen.is_swept {
        watch.swept_at = Some(seen.now);
    }
    watch.alert(seen, &observation);
    watch.check_health(seen);
    watch.collect(seen);
    watch.report_dead_letters(seen);
    watch
}

impl Watch {
    /// Returns whether another run may add to what is owed.
    pub fn has_room(&self) -> bool {
        self.outbox.len() < MAX_OWED
    }

    /// Returns since how many seconds events wait and none is journaled.
    fn journal_lag(&mut self, seen: &WatchContext<'_>) -> Option<u64> {
        let waiting = seen.journal_waiting?;
        let journaled = seen.totals.event_counts().values().sum();
        // The sum falls when an hour leaves the window, which is no progress.
        let before = std::mem::replace(&mut self.journaled, journaled);
        if waiting == 0 || journaled > before {
            self.stuck_since = (waiting > 0).then_some(seen.now);
            return Some(0);
        }
        let since = *self.stuck_since.get_or_insert(seen.now);
        u64::try_from(seen.now.duration_since(since).as_secs()).ok()
    }

    fn alert(&mut self, seen: &WatchContext<'_>, observation: &Observation<'_>) {
        let is_known = |name: &String| ALERT_RULES.iter().any(|rule| rule.name == name);
        self.alerts.retain(|name, _| is_known(name));
        for rule in &ALERT_RULES {
            let Some(value) = measure(rule, observation) else {
                continue;
            };
            let open = self.alerts.get(rule.name);
            let open = open.filter(|alert| alert.resolved_at.is_none()).cloned();
            let state = AlertState {
                severity: rule.severity,
                since: open.as_ref().map_or(seen.now, |open| open.since),
                resolved_at: open.is_some().then_some(seen.now),
                value,
                limit: rule.limit,
            };
            if (value > rule.limit) == open.is_some() {
                continue;
            }
            let triggered = AlertTriggered {
                rule: rule.name.to_owned(),
                severity: state.severity,
                is_resolved: state.resolved_at.is_some(),
                since: state.since,
                value,
                limit: state.limit,
            };
            self.alerts.insert(rule.name.to_owned(), state);
            self.owe(
                seen.now,
                seen.correlation_id,
                rule.name,
                triggered,
                WatchEvent::Alert,
            );
        }
    }

    fn check_health(&mut self, seen: &WatchContext<'_>) {
        let before = self.health.replace(HealthState {
            parts: seen.parts.clone(),
            checked_at: seen.now,
        });
        let failing = |parts: &BTreeMap<String, bool>| {
            let failing = parts.iter().filter(|(_, answers)| !**answers);
            failing.map(|(part, _)| part.clone()).collect::<Vec<_>>()
        };
        let now_failing = failing(&seen.parts);
        if before.is_some_and(|before| failing(&before.parts) == now_failing) {
            return;
        }
        let status = if now_failing.is_empty() {
            Health::Healthy
        } else {
            Health::Unhealthy
        };
        let checked = HealthChecked {
            status,
            failing: now_failing,
        };
        self.owe(
            seen.now,
            seen.correlation_id,
            "health",
            checked,
            WatchEvent::Health,
        );
    }

    fn collect(&mut self, seen: &WatchContext<'_>) {
        let current = before(seen.now, COLLECTION_DELAY);
        let hour = hour_of(before(current, Duration::from_secs(3_600)));
        if self.collected.as_ref() == Some(&hour) {
            return;
        }
        let mut of_hour = Totals::default();
        let metrics = seen.totals.metrics.iter();
        for ((_, metric), fields) in metrics.filter(|((of, _), _)| *of == hour) {
            of_hour.add_fields(&hour, metric, fields);
        }
        // The first run knows no hour that is complete.
        if self.collected.is_some() {
            let collected = MetricsCollected {
                hour: hour.clone(),
                counters: of_hour.counters(),
            };
            self.owe(
                seen.now,
                seen.correlation_id,
                "metrics",
                collected,
                WatchEvent::Metrics,
            );
        }
        self.collected = Some(hour);
    }

    fn report_dead_letters(&mut self, seen: &WatchContext<'_>) {
        self.forget_dead_letters(seen);
        for letter in &seen.letters {
            let key = format!("{}#{}", letter.queue, letter.message);
            let is_full = self.dead_letters.len() >= MAX_DEAD_LETTERS || !self.has_room();
            if is_full || self.dead_letters.contains_key(&key) {
                continue;
            }
            let occurred = ErrorOccurred {
                queue: letter.queue.clone(),
                message: letter.message.clone(),
                reason: letter.reason.clone(),
            };
            self.owe(
                seen.now,
                letter.correlation_id,
                &key,
                occurred,
                WatchEvent::Error,
            );
            self.dead_letters.insert(key, seen.now);
        }
    }

    /// Forgets letters that are gone, and not those that an operator looks at.
    fn forget_dead_letters(&mut self, seen: &WatchContext<'_>) {
        match seen.dead_letters {
            Some(0) => self.empty_runs = self.empty_runs.saturating_add(1),
            Some(_) => self.empty_runs = 0,
            None => {}
        }
        if self.empty_runs >= EMPTY_RUNS {
            self.dead_letters.clear();
        }
        let oldest = before(seen.now, LETTER_RETENTION);
        self.dead_letters.retain(|_, reported| *reported >= oldest);
    }

    /// Adds an event. Its id follows from its type, its subject and the time.
    fn owe<D: Contract>(
        &mut self,
        now: Timestamp,
        correlation_id: CorrelationId,
        subject: &str,
        data: D,
        event: fn(Event<D>) -> WatchEvent,
    ) {
        let digest = Sha256::digest(format!("{}#{subject}", D::TYPE).as_bytes());
        let random: [u8; 10] = std::array::from_fn(|index| digest[index]);
        let id = EventId::new(now, &|| random);
        let owed = Event::new(id, now, SOURCE, correlation_id, CAUSE, data);
        self.outbox.push(event(owed));
    }
}
