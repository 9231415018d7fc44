//! What the WebSocket API did, in the units that AWS bills.

use std::sync::{
    Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use serde_json::{Value, json};

/// A message is billed by started 32 KB.
const UNIT: usize = 32 * 1024;

#[derive(Debug, Default)]
pub(super) struct Counts {
    opened: AtomicU64,
    refused: AtomicU64,
    posts: AtomicU64,
    gone: AtomicU64,
    messages_in: AtomicU64,
    units_in: AtomicU64,
    units_out: AtomicU64,
    /// Of connections that have ended.
    connected_ms: AtomicI64,
    pace: Mutex<Pace>,
}

/// AWS lets in 500 a second; here they are counted.
#[derive(Debug, Default)]
struct Pace {
    second: i64,
    opened: u64,
    most: u64,
}

fn units(bytes: usize) -> u64 {
    bytes.div_ceil(UNIT).max(1) as u64
}

fn add(count: &AtomicU64, by: u64) {
    count.fetch_add(by, Ordering::Relaxed);
}

impl Counts {
    pub(super) fn opened(&self, at: i64) {
        add(&self.opened, 1);
        let mut pace = self
            .pace
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let second = at / 1_000;
        if pace.second != second {
            (pace.second, pace.opened) = (second, 0);
        }
        pace.opened += 1;
        pace.most = pace.most.max(pace.opened);
    }

    pub(super) fn refused(&self) {
        add(&self.refused, 1);
    }

    pub(super) fn closed(&self, after_ms: i64) {
        self.connected_ms.fetch_add(after_ms, Ordering::Relaxed);
    }

    pub(super) fn came_in(&self, bytes: usize) {
        add(&self.messages_in, 1);
        add(&self.units_in, units(bytes));
    }

    pub(super) fn went_out(&self, bytes: usize) {
        add(&self.posts, 1);
        add(&self.units_out, units(bytes));
    }

    pub(super) fn gone(&self) {
        add(&self.gone, 1);
    }

    /// `so_far`: how long the connections that are open have been so, together.
    #[expect(clippy::cast_precision_loss, reason = "minutes with a fraction")]
    pub(super) fn snapshot(&self, so_far_ms: i64) -> Value {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let connected_ms = self.connected_ms.load(Ordering::Relaxed) + so_far_ms;
        let most = self
            .pace
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
    fn a_message_is_billed_by_started_32_kb() {
        assert_eq!(
            [0, 1, 32 * 1024, 32 * 1024 + 1, 128 * 1024].map(units),
            [1, 1, 1, 2, 4]
        );
    }

    #[test]
    fn connections_are_billed_by_the_time_that_they_were_open() {
        let counts = Counts::default();
        counts.closed(90_000);
        assert_eq!(counts.snapshot(30_000)["connection_minutes"], 2.0);
    }

    #[test]
    fn the_busiest_second_is_kept() {
        let counts = Counts::default();
        for at in [1_000, 1_999, 2_000, 2_001, 2_002, 3_000] {
            counts.opened(at);
        }
        assert_eq!(counts.snapshot(0)["most_opened_in_a_second"], 3);
    }
}
