//! Alert rules as data, and what they measure.

use std::collections::BTreeMap;

use confab_contracts::operations::Severity;
use confab_core::Timestamp;

use super::{Histogram, Totals};

/// Fields of metrics, such as `("telegram", "unknown")`.
type Counted = &'static [(&'static str, &'static str)];

/// An alert is open while its measure is above its limit.
#[derive(Debug, Clone, Copy)]
pub struct AlertRule {
    pub name: &'static str,
    pub severity: Severity,
    pub measure: Measure,
    pub limit: u64,
    /// Holds only while a model is configured.
    pub needs_model: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Measure {
    /// Thousandths of a whole; 0 while the whole is too small to tell.
    Share {
        part: Counted,
        whole: Counted,
        at_least: u64,
        minutes: u32,
    },
    Count {
        of: Counted,
        minutes: u32,
    },
    /// Milliseconds; 0 while there are too few durations to tell.
    Percentile {
        metric: &'static str,
        permille: u64,
        at_least: u64,
        minutes: u32,
    },
    Gauge(Gauge),
}

/// A value of this moment, which no event carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gauge {
    OverdueSeconds,
    DeadLetters,
    JournalLagSeconds,
    /// The used part of the model's budgets.
    BudgetPermille,
}

const fn rule(name: &'static str, severity: Severity, limit: u64, measure: Measure) -> AlertRule {
    AlertRule {
        name,
        severity,
        measure,
        limit,
        needs_model: false,
    }
}

/// Failures of our own. A refused topic is none.
const FAILURES: Counted = &[
    ("failed", "reason.writing"),
    ("failed", "reason.rendering"),
    ("failed", "reason.delivery"),
    ("failed", "reason.unconfirmed"),
];
const ENDINGS: Counted = &[
    ("failed", "reason.writing"),
    ("failed", "reason.rendering"),
    ("failed", "reason.delivery"),
    ("failed", "reason.unconfirmed"),
    ("completed", "all"),
];
const COMPOSED: Counted = &[("written", "composer")];
const WRITTEN: Counted = &[("written", "composer"), ("written", "model")];

pub const ALERT_RULES: [AlertRule; 9] = [
    rule(
        "failures",
        Severity::Critical,
        50,
        Measure::Share {
            part: FAILURES,
            whole: ENDINGS,
            at_least: 20,
            minutes: 15,
        },
    ),
    rule(
        "slow_carousels",
        Severity::Warning,
        30_000,
        Measure::Percentile {
            metric: "stage.total",
            permille: 950,
            at_least: 5,
            minutes: 15,
        },
    ),
    rule(
        "message_unknown",
        Severity::Critical,
        0,
        Measure::Count {
            of: &[("telegram", "unknown")],
            minutes: 15,
        },
    ),
    rule(
        "rate_limited",
        Severity::Warning,
        20,
        Measure::Count {
            of: &[("telegram", "limited")],
            minutes: 5,
        },
    ),
    AlertRule {
        needs_model: true,
        ..rule(
            "composer_share",
            Severity::Warning,
            200,
            Measure::Share {
                part: COMPOSED,
                whole: WRITTEN,
                at_least: 10,
                minutes: 60,
            },
        )
    },
    rule(
        "carousel_overdue",
        Severity::Critical,
        300,
        Measure::Gauge(Gauge::OverdueSeconds),
    ),
    rule(
        "dead_letters",
        Severity::Critical,
        0,
        Measure::Gauge(Gauge::DeadLetters),
    ),
    rule(
        "journal_lag",
        Severity::Warning,
        60,
        Measure::Gauge(Gauge::JournalLagSeconds),
    ),
    AlertRule {
        needs_model: true,
        ..rule(
            "budget",
            Severity::Critical,
            800,
            Measure::Gauge(Gauge::BudgetPermille),
        )
    },
];

/// What rules are evaluated over.
#[derive(Debug)]
pub struct Observation<'a> {
    pub now: Timestamp,
    /// Totals of at least the last hour.
    pub totals: &'a Totals,
    /// A gauge that could not be read is missing.
    pub gauges: BTreeMap<Gauge, u64>,
    pub has_model: bool,
}

/// Returns the value of a rule; `None` if it could not be read, so that its alert stays as it is.
pub fn measure(rule: &AlertRule, seen: &Observation<'_>) -> Option<u64> {
    if rule.needs_model && !seen.has_model {
        return Some(0);
    }
    match rule.measure {
        Measure::Share {
            part,
            whole,
            at_least,
            minutes,
        } => {
            let whole = count(seen, whole, minutes);
            if whole < at_least.max(1) {
                return Some(0);
            }
            let part = u128::from(count(seen, part, minutes)) * 1_000;
            u64::try_from(part / u128::from(whole)).ok()
        }
        Measure::Count { of, minutes } => Some(count(seen, of, minutes)),
        Measure::Percentile {
            metric,
            permille,
            at_least,
            minutes,
        } => {
            let mut histogram = Histogram::default();
            for (bucket, count) in seen.totals.recent(metric, seen.now, minutes) {
                histogram.add(bucket.parse().unwrap_or(0), count);
            }
            let is_enough = histogram.count() >= at_least;
            Some(if is_enough {
                histogram.percentile(permille)
            } else {
                0
            })
        }
        Measure::Gauge(gauge) => seen.gauges.get(&gauge).copied(),
    }
}

fn count(seen: &Observation<'_>, of: Counted, minutes: u32) -> u64 {
    let count = |(metric, field): &(&str, &str)| {
        let fields = seen.totals.recent(metric, seen.now, minutes);
        fields.get(*field).copied().unwrap_or(0)
    };
    of.iter().map(count).fold(0, u64::saturating_add)
}
