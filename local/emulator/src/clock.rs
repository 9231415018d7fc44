//! Local's time: the system's, moved forward. The offset is kept, so that leases and schedules survive a restart.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicI64, Ordering},
};

use anyhow::{Context, Result};
use jiff::Timestamp;

const LATEST: i64 = 100 * 365 * 24 * 3_600 * 1_000;

#[derive(Debug)]
pub struct Clock {
    offset_ms: AtomicI64,
    file: PathBuf,
}

impl Clock {
    pub fn open(data: &Path) -> Result<Self> {
        let file = data.join("clock");
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        let offset = if kept.is_empty() {
            0
        } else {
            kept.trim()
                .parse()
                .context("Failed to read the kept clock")?
        };
        Ok(Self {
            offset_ms: AtomicI64::new(offset),
            file,
        })
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        Timestamp::now().as_millisecond() + self.offset_ms()
    }

    pub fn timestamp(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now()).unwrap_or(Timestamp::MAX)
    }

    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    pub fn advance(&self, by_ms: i64) -> Result<()> {
        let offset = self
            .offset_ms()
            .checked_add(by_ms)
            .filter(|offset| *offset < LATEST);
        let offset = offset.context("local's clock does not go beyond a hundred years from now")?;
        self.offset_ms.store(offset, Ordering::Relaxed);
        std::fs::write(&self.file, offset.to_string()).context("Failed to keep the clock")
    }
}
