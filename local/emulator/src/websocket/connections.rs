//! All open connections of all WebSocket APIs.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    api::Api,
    connection::{CloseReason, Connection},
    counts::Counts,
};
use crate::template::SocketApi;

/// A connection closes after ten minutes without a message and after two hours, by the emulator's clock.
const IDLE_TIMEOUT_MS: i64 = 10 * 60 * 1_000;
const MAX_CONNECTION_MS: i64 = 2 * 3_600 * 1_000;

#[derive(Debug)]
pub(super) struct Connections {
    apis: Vec<Arc<Api>>,
    /// By id. Removing a connection decides who closes it, so that it is closed once.
    open: Mutex<HashMap<String, Arc<Connection>>>,
}

impl Connections {
    pub(super) fn new(apis: &[SocketApi]) -> Self {
        let apis = apis.iter().map(|spec| {
            Arc::new(Api {
                spec: spec.clone(),
                counts: Counts::default(),
            })
        });
        Self {
            apis: apis.collect(),
            open: Mutex::default(),
        }
    }

    /// Finds the API of a client's path: `/live`, or `/rooms/live` with the API's id.
    pub(super) fn api_at(&self, path: &str) -> Option<&Arc<Api>> {
        let path = path.trim_matches('/');
        let named = |api: &&Arc<Api>| {
            path == api.spec.path || path == format!("{}/{}", api.spec.id, api.spec.stage)
        };
        self.apis.iter().find(named)
    }

    /// Finds the API of a management call by the path before `@connections`: nothing, a stage, or an API's id and stage.
    /// An open connection knows its API.
    pub(super) fn api_of(&self, place: &str, connection_id: &str) -> Option<Arc<Api>> {
        let fits = |api: &Arc<Api>| {
            let SocketApi { id, stage, .. } = &api.spec;
            place.is_empty() || place == stage || place == format!("{id}/{stage}")
        };
        match self.get(connection_id) {
            Some(connection) => Some(connection.info.api.clone()).filter(fits),
            None => self.apis.iter().find(|api| fits(api)).cloned(),
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Arc<Connection>>> {
        // A panic elsewhere leaves the map whole: each change is one insert or one removal.
        self.open
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Connection>> {
        self.open().get(id).cloned()
    }

    pub(super) fn add(&self, connection: Arc<Connection>) {
        connection
            .info
            .api
            .counts
            .count_opened(connection.info.connected_at);
        self.open().insert(connection.info.id.clone(), connection);
    }

    /// Removes a connection; false when it was removed before.
    pub(super) fn remove(&self, connection: &Connection, now: i64) -> bool {
        let is_first = self.open().remove(&connection.info.id).is_some();
        if is_first {
            connection
                .info
                .api
                .counts
                .count_closed(now - connection.info.connected_at);
        }
        is_first
    }

    /// Closes a connection; false when it is not open.
    pub(super) fn close(&self, id: &str, reason: CloseReason, now: i64) -> bool {
        let Some(connection) = self.get(id) else {
            return false;
        };
        let is_first = self.remove(&connection, now);
        if is_first {
            connection.close(reason);
        }
        is_first
    }

    /// Posts a frame; false when the client is gone or its outbox is full, which closes it.
    pub(super) fn post(&self, connection: &Connection, frame: Bytes, now: i64) -> bool {
        let is_queued = connection.post(frame, now);
        if !is_queued {
            self.close(&connection.info.id, CloseReason::abnormal(), now);
        }
        is_queued
    }

    /// Closes connections that exceed the idle timeout or the maximum duration.
    pub(super) fn sweep(&self, now: i64) {
        let has_expired = |connection: &Connection| {
            connection.last_active_at() + IDLE_TIMEOUT_MS <= now
                || connection.info.connected_at + MAX_CONNECTION_MS <= now
        };
        let expired: Vec<_> = self
            .open()
            .values()
            .filter(|connection| has_expired(connection))
            .cloned()
            .collect();
        for connection in expired {
            self.close(&connection.info.id, CloseReason::going_away(), now);
        }
    }

    /// Returns the counts of each API.
    pub(super) fn snapshot(&self, now: i64) -> Value {
        let open = self.open();
        let apis = self.apis.iter().map(|api| {
            let own = || {
                open.values()
                    .filter(|connection| Arc::ptr_eq(&connection.info.api, api))
            };
            let mut counts = api.counts.snapshot(
                own()
                    .map(|connection| now - connection.info.connected_at)
                    .sum(),
            );
            counts["api"] = json!(api.spec.logical_id);
            counts["open"] = json!(own().count());
            counts
        });
        apis.collect()
    }

    /// Loses a connection as a network does; false when it is not open. `silently`: `$disconnect` is not called.
    pub(super) fn drop_connection(&self, id: &str, silently: bool, now: i64) -> bool {
        self.close(id, CloseReason::dropped(silently), now)
    }

    pub(super) fn list(&self, limit: usize) -> Vec<Value> {
        let mut all: Vec<_> = self.open().values().cloned().collect();
        all.sort_by_key(|connection| connection.info.connected_at);
        let view = |connection: &Arc<Connection>| {
            json!({
                "connection_id": connection.info.id,
                "connected_at": connection.info.connected_at,
                "last_active_at": connection.last_active_at(),
                "user_agent": connection.info.user_agent,
                "authorizer": connection.info.authorizer,
            })
        };
        all.iter().rev().take(limit).map(view).collect()
    }
}
