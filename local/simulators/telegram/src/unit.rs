//! One transaction, with the page updates to send once it is committed.

use rusqlite::Connection;
use serde_json::Value;

use crate::telegram::Telegram;

pub(crate) struct Unit<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) telegram: &'a Telegram,
    pub(crate) now: i64,
    pub(crate) page_updates: &'a mut Vec<(&'static str, Value)>,
}

impl Unit<'_> {
    pub(crate) fn show(&mut self, name: &'static str, data: Value) {
        self.page_updates.push((name, data));
    }

    /// Returns Unix seconds, the unit of all dates of the API.
    pub(crate) fn seconds(&self) -> i64 {
        self.now / 1_000
    }
}
