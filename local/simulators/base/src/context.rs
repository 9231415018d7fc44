//! State that all simulators share: clock, HTTP client, store, call records and page updates.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Result, anyhow};
use tokio::sync::{broadcast, watch};

use crate::{
    call_record::{Call, CallRecord},
    page_update::PageUpdate,
    store::Store,
};

/// Updates that a slow page may fall behind before it has to fetch again.
const MAX_PENDING_PAGE_UPDATES: usize = 1_024;

#[derive(Clone)]
pub struct ContextOptions {
    /// The address of the simulators, such as `http://127.0.0.1:7070`.
    pub base_url: String,
    /// Returns milliseconds since 1970. The clock may jump forward.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    pub call_records: Arc<dyn Fn(CallRecord) + Send + Sync>,
}

pub struct SimulatorContext {
    pub http: reqwest::Client,
    options: ContextOptions,
    page_updates: broadcast::Sender<PageUpdate>,
    closed: watch::Sender<bool>,
    store: Mutex<Store>,
}

impl SimulatorContext {
    /// Opens the store in `folder`, which is created if missing.
    pub fn open(folder: &Path, options: ContextOptions) -> Result<Arc<Self>> {
        let store = Mutex::new(Store::open(folder)?);
        let http = confab_provider_base::http_client().map_err(|error| anyhow!("{error}"))?;
        Ok(Arc::new(Self {
            http,
            options,
            page_updates: broadcast::channel(MAX_PENDING_PAGE_UPDATES).0,
            closed: watch::channel(false).0,
            store,
        }))
    }

    /// Returns milliseconds since 1970.
    pub fn now(&self) -> i64 {
        (self.options.clock)()
    }

    pub fn base_url(&self) -> &str {
        &self.options.base_url
    }

    /// Locks the store for one read or one transaction, never across an await.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a call and records it.
    pub fn record(&self, call: Call<'_>, text: String, ok: bool) {
        (self.options.call_records)(call.finish(self.now(), text, ok));
    }

    /// Sends an update to every open page.
    pub fn update_pages(&self, update: PageUpdate) {
        // Sending fails when no page is open.
        drop(self.page_updates.send(update));
    }

    pub fn page_updates(&self) -> broadcast::Receiver<PageUpdate> {
        self.page_updates.subscribe()
    }

    /// Ends the streams of all open pages.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    pub fn closed(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }
}

impl std::fmt::Debug for ContextOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContextOptions")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SimulatorContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatorContext")
            .field("base_url", &self.options.base_url)
            .finish_non_exhaustive()
    }
}
