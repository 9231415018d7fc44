//! What events add up to: counters and durations by hour, people by day, the funnel, and alerts.
//!
//! Adding is commutative, so that the order of events does not matter. The journal leaves out copies.

mod alert;
mod contribution;
mod histogram;
mod report;
#[cfg(test)]
mod tests;
mod totals;
mod watch;

pub use alert::{ALERT_RULES, AlertRule, Gauge, Measure, Observation, measure};
pub use contribution::{
    AnalyticsError, Contribution, FunnelStep, PersonSteps, SLOT_MINUTES, contribution, day_of,
    event_rank, hour_of,
};
pub use histogram::{Histogram, bucket_of, millis_of};
pub use report::{FunnelRow, StageRow, funnel, stages};
pub use totals::{Difference, Fields, Totals};
pub use watch::{
    AlertState, DeadLetterSeen, HealthState, Watch, WatchContext, WatchEvent, observe,
};
