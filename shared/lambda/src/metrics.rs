//! Counts as CloudWatch embedded metrics: a line in the log, no agent and no call.
//!
//! Invocations, errors, durations and queue depths are counted by the platform. A line for each success would cost as
//! much as the request.

use std::{io::Write, sync::OnceLock};

use jiff::Timestamp;
use serde_json::json;

static FUNCTION: OnceLock<&'static str> = OnceLock::new();

pub(crate) fn start(function: &'static str) {
    // Only tests start twice.
    FUNCTION.set(function).ok();
}

/// Counts one occurrence. `reason` is one of a few fixed words, because each is a billed time series.
pub fn count(name: &'static str, reason: &'static str) {
    add(name, reason, 1);
}

/// Counts an amount, such as tokens, under one of a few fixed reasons.
pub fn add(name: &'static str, reason: &'static str, amount: u64) {
    let line = line(name, reason, amount, Timestamp::now());
    // A lost metric must not fail the work it counts.
    writeln!(std::io::stdout().lock(), "{line}").ok();
}

fn line(name: &str, reason: &str, amount: u64, at: Timestamp) -> serde_json::Value {
    let function = FUNCTION.get().copied().unwrap_or("unknown");
    json!({
        "_aws": {
            "Timestamp": at.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "Confab",
                "Dimensions": [["function", "reason"]],
                "Metrics": [{ "Name": name, "Unit": "Count" }],
            }],
        },
        "function": function,
        "reason": reason,
        name: amount,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metric_lines_name_the_metric_that_they_hold() {
        let line = line("Rejected", "signature", 3, Timestamp::UNIX_EPOCH);
        let metric = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metric["Metrics"][0]["Name"], "Rejected");
        assert_eq!(line["Rejected"], 3);
        for dimension in ["function", "reason"] {
            assert!(line[dimension].is_string(), "{dimension}");
        }
    }
}
