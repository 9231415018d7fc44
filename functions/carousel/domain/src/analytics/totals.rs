//! Totals by hour and metric, and the people of each day.

use std::collections::{BTreeMap, BTreeSet};

use confab_core::{Timestamp, before};
use serde::Serialize;

use super::{Contribution, FunnelStep, Histogram, SLOT_MINUTES, contribution::slot_of, hour_of};

/// Counts of a metric by field and slot, such as `language.en@07`.
pub type Fields = BTreeMap<String, u64>;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Fields by hour and metric.
    pub metrics: BTreeMap<(String, String), Fields>,
    /// Steps of people by day and person.
    pub people: BTreeMap<(String, String), BTreeSet<FunnelStep>>,
}

/// A count that two totals have differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// An hour, or the day of people.
    pub at: String,
    /// Such as `requested language.en@07`.
    pub what: String,
    pub journal: u64,
    pub rollups: u64,
}

impl Totals {
    pub fn add(&mut self, contribution: &Contribution) {
        for (metric, fields) in &contribution.metrics {
            self.add_fields(&contribution.hour, metric, fields);
        }
        if let Some(person) = &contribution.person {
            self.add_person(&person.day, &person.person, &person.steps);
        }
    }

    pub fn add_fields(&mut self, hour: &str, metric: &str, fields: &Fields) {
        let key = (hour.to_owned(), metric.to_owned());
        let held = self.metrics.entry(key).or_default();
        for (field, count) in fields {
            let held = held.entry(field.clone()).or_default();
            *held = held.saturating_add(*count);
        }
    }

    pub fn add_person(&mut self, day: &str, person: &str, steps: &BTreeSet<FunnelStep>) {
        let key = (day.to_owned(), person.to_owned());
        self.people.entry(key).or_default().extend(steps);
    }

    pub fn merge(&mut self, other: &Self) {
        for ((hour, metric), fields) in &other.metrics {
            self.add_fields(hour, metric, fields);
        }
        for ((day, person), steps) in &other.people {
            self.add_person(day, person, steps);
        }
    }

    /// Returns the counters of the hours, such as `requested.language.en`. Events and durations are not among them.
    pub fn counters(&self) -> BTreeMap<String, u64> {
        let mut counters = BTreeMap::new();
        for ((_, metric), fields) in &self.metrics {
            if metric == "events" || metric.starts_with("stage.") {
                continue;
            }
            for (field, count) in fields {
                let name = match field_name(field) {
                    "all" => metric.clone(),
                    field => format!("{metric}.{field}"),
                };
                *counters.entry(name).or_default() += count;
            }
        }
        counters
    }

    /// Returns how many events of each type there were.
    pub fn event_counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        let events = self.metrics.iter();
        for (_, fields) in events.filter(|((_, metric), _)| metric == "events") {
            for (field, count) in fields {
                *counts.entry(field_name(field).to_owned()).or_default() += count;
            }
        }
        counts
    }

    /// Returns the durations of a metric in an hour.
    pub fn histogram(&self, hour: &str, metric: &str) -> Histogram {
        let mut histogram = Histogram::default();
        let fields = self.metrics.get(&(hour.to_owned(), metric.to_owned()));
        for (field, count) in fields.into_iter().flatten() {
            if let Ok(bucket) = field_name(field).parse() {
                histogram.add(bucket, *count);
            }
        }
        histogram
    }

    /// Returns the fields of a metric in the slots that the last minutes touch.
    pub(super) fn recent(&self, metric: &str, now: Timestamp, minutes: u32) -> Fields {
        let mut found = Fields::new();
        for back in 0..=minutes.div_ceil(SLOT_MINUTES) {
            let at = before(now, SLOT * back);
            let key = (hour_of(at), metric.to_owned());
            let slot = slot_of(at);
            for (field, count) in self.metrics.get(&key).into_iter().flatten() {
                if let Some((name, of)) = field.rsplit_once('@')
                    && of == slot
                {
                    *found.entry(name.to_owned()).or_default() += count;
                }
            }
        }
        found
    }

    /// Lists the counts that the rollups have differently from these totals of the journal.
    pub fn differences(&self, rollups: &Self) -> Vec<Difference> {
        let (journal, rollups) = (self.flat(), rollups.flat());
        let keys: BTreeSet<_> = journal.keys().chain(rollups.keys()).collect();
        let count = |of: &Flat, key: &(String, String)| of.get(key).copied().unwrap_or(0);
        let differences = keys.into_iter().filter_map(|key| {
            let (journal, rollups) = (count(&journal, key), count(&rollups, key));
            let (at, what) = key.clone();
            let difference = Difference {
                at,
                what,
                journal,
                rollups,
            };
            (journal != rollups).then_some(difference)
        });
        differences.collect()
    }

    fn flat(&self) -> Flat {
        let metrics = self.metrics.iter().flat_map(|((hour, metric), fields)| {
            let counts = fields.iter();
            counts.map(move |(field, count)| ((hour.clone(), format!("{metric} {field}")), *count))
        });
        let people = self.people.iter().flat_map(|((day, person), steps)| {
            let steps = steps.iter();
            steps.map(move |step| ((day.clone(), format!("{person} {step:?}")), 1))
        });
        metrics.chain(people).collect()
    }
}

const SLOT: std::time::Duration = std::time::Duration::from_secs(SLOT_MINUTES as u64 * 60);

/// Counts by hour or day, and by name.
type Flat = BTreeMap<(String, String), u64>;

fn field_name(field: &str) -> &str {
    field.rsplit_once('@').map_or(field, |(name, _)| name)
}
