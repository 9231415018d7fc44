//! What the sweep remembers, in one row with a version.

use carousel_domain::analytics::Watch;
use confab_aws::{Condition, Row, Table};
use confab_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::journal::Journal;

#[derive(Debug, Serialize, Deserialize)]
struct WatchRow {
    version: u64,
    /// JSON, because only the sweep reads its parts.
    watch: String,
}

/// The state of the watch with the version that it was read in.
#[derive(Debug, Clone, Default)]
pub(crate) struct SavedWatch {
    version: u64,
    pub(crate) watch: Watch,
}

fn key() -> Row {
    Table::key("WATCH", "WATCH")
}

impl Journal {
    pub(crate) async fn watch(&self) -> Result<SavedWatch> {
        let Some(row) = self.table.get::<WatchRow>(key()).await? else {
            return Ok(SavedWatch::default());
        };
        let watch = serde_json::from_str(&row.watch);
        Ok(SavedWatch {
            version: row.version,
            watch: watch.map_err(|e| Error::internal("unreadable_row", e))?,
        })
    }

    /// Saves the state, unless another run has saved one since.
    pub(crate) async fn save_watch(&self, saved: &mut SavedWatch) -> Result<()> {
        let held = Condition::version(saved.version);
        let watch =
            serde_json::to_string(&saved.watch).map_err(|e| Error::internal("render_failed", e))?;
        let version = saved.version + 1;
        let row = Table::to_row("WATCH", "WATCH", &WatchRow { version, watch })?;
        if !self.table.put(row, held).await? {
            return Err(Error::unavailable(
                "contended",
                "another run of the sweep saved its state",
            ));
        }
        saved.version = version;
        Ok(())
    }
}
