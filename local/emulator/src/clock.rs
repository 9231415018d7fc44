//! The emulator's time: a source, moved forward by an offset that may be kept in a file.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicI64, Ordering},
};

use anyhow::{Context, Result};
use jiff::Timestamp;

/// A century. The offset stays below it, so that no deadline overflows.
const MAX_OFFSET_MS: i64 = 100 * 365 * 24 * 3_600 * 1_000;

/// Milliseconds since 1970, before the offset.
type Source = Box<dyn Fn() -> i64 + Send + Sync>;

pub struct Clock {
    source: Source,
    offset_ms: AtomicI64,
    /// Where the offset is kept, so that leases and schedules survive a restart.
    file: Option<PathBuf>,
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock")
            .field("offset_ms", &self.offset_ms)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl Clock {
    /// Opens the system's clock with the offset that the data folder keeps.
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
            source: Box::new(|| Timestamp::now().as_millisecond()),
            offset_ms: AtomicI64::new(offset),
            file: Some(file),
        })
    }

    /// Builds a clock on `source`, in milliseconds since 1970. Its offset is in memory only.
    pub fn with_source(source: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self {
            source: Box::new(source),
            offset_ms: AtomicI64::new(0),
            file: None,
        }
    }

    /// Returns milliseconds since 1970.
    pub fn now(&self) -> i64 {
        (self.source)() + self.offset_ms()
    }

    pub fn timestamp(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now()).unwrap_or(Timestamp::MAX)
    }

    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    /// Moves the clock alone. `Emulator::advance_clock` moves what depends on it as well.
    pub fn advance(&self, by_ms: i64) -> Result<()> {
        let offset = self
            .offset_ms()
            .checked_add(by_ms)
            .filter(|offset| *offset < MAX_OFFSET_MS);
        let offset = offset.context("local's clock does not go beyond a hundred years from now")?;
        self.offset_ms.store(offset, Ordering::Relaxed);
        match &self.file {
            Some(file) => {
                std::fs::write(file, offset.to_string()).context("Failed to keep the clock")
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_survives_a_reopening() {
        let data = tempfile::tempdir().unwrap();
        Clock::open(data.path()).unwrap().advance(5_000).unwrap();
        assert_eq!(Clock::open(data.path()).unwrap().offset_ms(), 5_000);
    }

    #[test]
    fn injected_source_is_moved_by_the_offset() {
        let clock = Clock::with_source(|| 1_000);
        clock.advance(500).unwrap();
        assert_eq!(clock.now(), 1_500);
    }
}
