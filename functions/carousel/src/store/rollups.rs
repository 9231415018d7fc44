//! Totals of a generation, and the pointer to the generation that is read.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use carousel_domain::analytics::{Fields, FunnelStep, Totals, day_of, hour_of};
use confab_aws::{Condition, Row, Table, text};
use confab_core::{Result, Timestamp, after};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::{
    journal::{DAY_SECONDS, Journal, SPLITS},
    rebuild::Building,
};

/// The split that a rebuild writes. Events never add to it.
pub(super) const BASE: &str = "base";
/// Maximum concurrent queries of one request.
const READ_CONCURRENCY: usize = 8;
/// Rows of a split of a day. There are fewer metrics and hours than that; people are bounded by it.
const MAX_ROWS: usize = 100_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pointer {
    pub(super) version: u64,
    /// The generation that is read.
    pub(crate) current: u64,
    /// The latest generation that was ever begun.
    pub(super) latest: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) building: Option<Building>,
}

impl Default for Pointer {
    fn default() -> Self {
        Self {
            version: 0,
            current: 1,
            latest: 1,
            building: None,
        }
    }
}

impl Pointer {
    /// Returns the generations that a new event adds to.
    pub(super) fn counted_generations(&self) -> Vec<u64> {
        let building = self.building.as_ref().map(|building| building.generation);
        [self.current].into_iter().chain(building).collect()
    }
}

pub(super) fn rollup_key(generation: u64, hour: &str, metric: &str, split: &str) -> Row {
    let day: String = hour.chars().take(10).collect();
    Table::key(
        rollup_pk(generation, &day, split),
        format!("{hour}#{metric}"),
    )
}

fn rollup_pk(generation: u64, day: &str, split: &str) -> String {
    format!("ROLLUP#{generation}#{day}#{split}")
}

pub(super) fn person_key(generation: u64, day: &str, person: &str, split: &str) -> Row {
    Table::key(people_pk(generation, day, split), person)
}

fn people_pk(generation: u64, day: &str, split: &str) -> String {
    format!("PEOPLE#{generation}#{day}#{split}")
}

/// Returns steps as a set of texts, to which adding a step twice is adding it once.
pub(super) fn step_set(steps: &BTreeSet<FunnelStep>) -> AttributeValue {
    AttributeValue::Ss(
        steps
            .iter()
            .map(|step| step_name(*step).to_owned())
            .collect(),
    )
}

fn step_name(step: FunnelStep) -> &'static str {
    match step {
        FunnelStep::Start => "start",
        FunnelStep::Topic => "topic",
        FunnelStep::Delivered => "delivered",
        FunnelStep::Edited => "edited",
        FunnelStep::Exported => "exported",
    }
}

fn splits() -> impl Iterator<Item = String> {
    let numbered = (0..SPLITS).map(|split| split.to_string());
    numbered.chain([BASE.to_owned()])
}

impl Journal {
    pub(super) fn pointer_key() -> Row {
        Table::key("POINTER", "POINTER")
    }

    /// Reads the pointer, strongly consistent. Without one, the first generation is read.
    pub(crate) async fn pointer(&self) -> Result<Pointer> {
        let pointer = self.table.get(Self::pointer_key()).await?;
        Ok(pointer.unwrap_or_default())
    }

    /// Returns the counts of the hours from one time to another.
    pub(crate) async fn metrics(
        &self,
        generation: u64,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Totals> {
        let (first, last) = (hour_of(from), hour_of(to));
        let keys = partitions(from, to, |day, split| rollup_pk(generation, day, split));
        let rows = stream::iter(keys).map(|pk| {
            let keys = Condition::expression("pk = :pk AND sk BETWEEN :first AND :last")
                .value(":pk", text(pk))
                .value(":first", text(&first))
                // Greater than every metric of the hour.
                .value(":last", text(format!("{last}#~")));
            self.table.query(None, keys, MAX_ROWS)
        });
        let pages: Vec<_> = rows
            .buffer_unordered(READ_CONCURRENCY)
            .try_collect()
            .await?;
        let mut totals = Totals::default();
        for row in pages.into_iter().flatten() {
            if let Some((hour, metric)) = Table::sort_key(&row).split_once('#') {
                totals.add_fields(hour, metric, &fields_of(&row));
            }
        }
        Ok(totals)
    }

    /// Adds the people of the days from one time to another.
    pub(crate) async fn add_people(
        &self,
        totals: &mut Totals,
        generation: u64,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<()> {
        let keys = partitions(from, to, |day, split| people_pk(generation, day, split));
        let rows = stream::iter(keys).map(|pk| {
            let keys = Condition::expression("pk = :pk").value(":pk", text(pk));
            self.table.query(None, keys, MAX_ROWS)
        });
        let pages: Vec<_> = rows
            .buffer_unordered(READ_CONCURRENCY)
            .try_collect()
            .await?;
        for row in pages.into_iter().flatten() {
            let pk = Table::partition(&row);
            if let Some(day) = pk.split('#').nth(2) {
                totals.add_person(day, Table::sort_key(&row), &steps_of(&row));
            }
        }
        Ok(())
    }
}

/// Returns the UTC days from one time to another, both included.
pub(super) fn days(from: Timestamp, to: Timestamp) -> Vec<String> {
    let day = std::time::Duration::from_secs(DAY_SECONDS.unsigned_abs());
    let last = day_of(to);
    let mut days = vec![day_of(from)];
    let mut at = from;
    while days.last().is_some_and(|day| *day < last) && at < Timestamp::MAX {
        at = after(at, day);
        days.push(day_of(at).min(last.clone()));
    }
    days
}

fn partitions(from: Timestamp, to: Timestamp, pk: impl Fn(&str, &str) -> String) -> Vec<String> {
    let mut partitions = Vec::new();
    for day in days(from, to) {
        partitions.extend(splits().map(|split| pk(&day, &split)));
    }
    partitions
}

fn fields_of(row: &Row) -> Fields {
    let counts = row.iter().filter(|(name, _)| name.contains('@'));
    let count = |(name, value): (&String, &AttributeValue)| {
        let count = value.as_n().ok()?.parse().ok()?;
        Some((name.clone(), count))
    };
    counts.filter_map(count).collect()
}

fn steps_of(row: &Row) -> BTreeSet<FunnelStep> {
    let names = row.get("steps").and_then(|steps| steps.as_ss().ok());
    let is_in = |step: &FunnelStep| {
        let name = step_name(*step);
        names.is_some_and(|names| names.iter().any(|held| held == name))
    };
    FunnelStep::ALL.into_iter().filter(is_in).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_include_the_first_and_the_last() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (late, early) = (at("2026-11-28T23:59:59Z"), at("2026-11-30T00:00:01Z"));
        assert_eq!(
            days(late, early),
            ["2026-11-28", "2026-11-29", "2026-11-30"]
        );
        assert_eq!(days(late, late), ["2026-11-28"]);
        assert_eq!(days(Timestamp::MAX, Timestamp::MAX).len(), 1);
    }
}
