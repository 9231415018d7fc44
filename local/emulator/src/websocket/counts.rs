//! Counts of a WebSocket API, in the units that AWS bills.

use std::sync::{
    Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use serde_json::{Value, json};

/// Messages are billed per started 32 KB.
const BILLED_UNIT_BYTES: usize = 32 * 1024;

#[derive(Debug, Default)]
pub(super) struct Counts {
    opened: AtomicU64,
    refused: AtomicU64,
    posts: AtomicU64,
    gone: AtomicU64,
    messages_in: AtomicU64,
    units_in: AtomicU64,
    units_out: AtomicU64,
    /// The total of closed connections.
    connected_ms: AtomicI64,
    rate: Mutex<ConnectRate>,
}

/// Connections opened per second, of which AWS allows 500.
#[derive(Debug, Default)]
struct ConnectRate {
    second: i64,
    opened: u64,
    most: u64,
}

fn units(bytes: usize) -> u64 {
    bytes.div_ceil(BILLED_UNIT_BYTES).max(1) as u64
}

fn add(count: &AtomicU64, by: u64) {
    count.fetch_add(by, Ordering::Relaxed);
}

impl Counts {
    pub(super) fn count_opened(&self, at: i64) {
        add(&self.opened, 1);
        let mut rate = self
            .rate
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let second = at / 1_000;
        if rate.second != second {
            (rate.second, rate.opened) = (second, 0);
        }
        rate.opened += 1;
        rate.most = rate.most.max(rate.opened);
    }

    pub(super) fn count_refused(&self) {
        add(&self.refused, 1);
    }

    pub(super) fn count_closed(&self, after_ms: i64) {
        self.connected_ms.fetch_add(after_ms, Ordering::Relaxed);
    }

    pub(super) fn count_inbound(&self, bytes: usize) {
        add(&self.messages_in, 1);
        add(&self.units_in, units(bytes));
    }

    pub(super) fn count_post(&self, bytes: usize) {
        add(&self.posts, 1);
        add(&self.units_out, units(bytes));
    }

    pub(super) fn count_gone(&self) {
        add(&self.gone, 1);
    }

    /// Returns the counts. `open_ms` is the total time of connections that are still open.
    #[expect(clippy::cast_precision_loss, reason = "minutes with a fraction")]
    pub(super) fn snapshot(&self, open_ms: i64) -> Value {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let connected_ms = self.connected_ms.load(Ordering::Relaxed) + open_ms;
        let most = self
            .rate
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .most;
        json!({
            "opened": read(&self.opened),
            "refused": read(&self.refused),
            "most_opened_in_a_second": most,
            "posts": read(&self.posts),
            "gone": read(&self.gone),
            "messages_in": read(&self.messages_in),
            "units_in": read(&self.units_in),
            "units_out": read(&self.units_out),
            "connection_minutes": connected_ms as f64 / 60_000.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_billed_per_started_32_kb() {
        assert_eq!(
            [0, 1, 32 * 1024, 32 * 1024 + 1, 128 * 1024].map(units),
            [1, 1, 1, 2, 4]
        );
    }

    #[test]
    fn connection_minutes_add_up_closed_and_open_connections() {
        let counts = Counts::default();
        counts.count_closed(90_000);
        assert_eq!(counts.snapshot(30_000)["connection_minutes"], 2.0);
    }

    #[test]
    fn busiest_second_is_kept() {
        let counts = Counts::default();
        for at in [1_000, 1_999, 2_000, 2_001, 2_002, 3_000] {
            counts.count_opened(at);
        }
        assert_eq!(counts.snapshot(0)["most_opened_in_a_second"], 3);
    }
}
