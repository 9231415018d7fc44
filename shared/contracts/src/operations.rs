//! Events about the operation of a service: alerts, health, hourly counts, and work that was given up.

use std::collections::BTreeMap;

use confab_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Contract;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the next working day.
    Warning,
    /// An operator must act now.
    Critical,
}

/// An alert began or was resolved: one event for each transition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertTriggered {
    pub rule: String,
    pub severity: Severity,
    pub is_resolved: bool,
    /// When the alert began.
    pub since: Timestamp,
    pub value: u64,
    pub limit: u64,
}

impl Contract for AlertTriggered {
    const TYPE: &'static str = "alert.triggered";
    const VERSION: u16 = 1;
}

/// What an hour added up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricsCollected {
    /// Such as `2026-11-21T08`.
    pub hour: String,
    pub counters: BTreeMap<String, u64>,
}

impl Contract for MetricsCollected {
    const TYPE: &'static str = "metrics.collected";
    const VERSION: u16 = 1;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Healthy,
    Unhealthy,
}

/// The health of a service changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthChecked {
    pub status: Health,
    /// Parts that do not answer.
    pub failing: Vec<String>,
}

impl Contract for HealthChecked {
    const TYPE: &'static str = "health.checked";
    const VERSION: u16 = 1;
}

/// A job is in a dead-letter queue: once for each job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorOccurred {
    /// The queue whose job was given up.
    pub queue: String,
    /// Names the dead letter in its queue.
    pub message: String,
    /// A code such as `unreadable_job`, or `too_many_receives`.
    pub reason: String,
}

impl Contract for ErrorOccurred {
    const TYPE: &'static str = "system.error.occurred";
    const VERSION: u16 = 1;
}
