//! What a process remembers of its broadcasts.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

/// Channels whose cursor a process keeps.
const MAX_CURSORS: usize = 1_000;

/// The last number that this process has broadcast in each busy channel. A job of an earlier message has nothing to do.
#[derive(Debug)]
pub struct BroadcastCursors<Id>(Mutex<HashMap<Id, u64>>);

impl<Id> Default for BroadcastCursors<Id> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Id: Clone + Eq + Hash> BroadcastCursors<Id> {
    pub(super) fn includes(&self, channel: &Id, seq: u64) -> bool {
        let cursors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cursors.get(channel).is_some_and(|cursor| seq <= *cursor)
    }

    pub(super) fn advance(&self, channel: &Id, seq: u64) {
        let mut cursors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cursors.len() >= MAX_CURSORS {
            cursors.clear();
        }
        let cursor = cursors.entry(channel.clone()).or_default();
        *cursor = seq.max(*cursor);
    }
}
