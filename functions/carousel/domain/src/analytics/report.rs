//! Stages and funnel as operators read them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{FunnelStep, Totals};

/// Stages of a carousel, in their order.
const STAGES: [&str; 5] = ["write", "first_slide", "slides", "delivery", "total"];

/// Durations of a stage in an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StageRow {
    /// Such as `2026-11-29T12:00:00Z`.
    pub hour: String,
    pub stage: &'static str,
    pub count: u64,
    pub p50_millis: u64,
    pub p95_millis: u64,
    pub p99_millis: u64,
}

/// How many people came to a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunnelRow {
    pub step: FunnelStep,
    pub people: usize,
}

/// Returns the stages of each hour that has any, the earliest hour first.
pub fn stages(totals: &Totals) -> Vec<StageRow> {
    let hours: BTreeSet<_> = totals.metrics.keys().map(|(hour, _)| hour).collect();
    let mut rows = Vec::new();
    for hour in hours {
        for stage in STAGES {
            let histogram = totals.histogram(hour, &format!("stage.{stage}"));
            if histogram.count() > 0 {
                rows.push(StageRow {
                    hour: format!("{hour}:00:00Z"),
                    stage,
                    count: histogram.count(),
                    p50_millis: histogram.percentile(500),
                    p95_millis: histogram.percentile(950),
                    p99_millis: histogram.percentile(990),
                });
            }
        }
    }
    rows
}

/// Counts each person once for each step, however many days and times.
pub fn funnel(totals: &Totals) -> Vec<FunnelRow> {
    let mut people = BTreeMap::<&String, BTreeSet<FunnelStep>>::new();
    for ((_, person), steps) in &totals.people {
        people.entry(person).or_default().extend(steps);
    }
    let row = |step| FunnelRow {
        step,
        people: people
            .values()
            .filter(|steps| steps.contains(&step))
            .count(),
    };
    FunnelStep::ALL.map(row).into()
}
