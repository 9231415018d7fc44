//! State of the simulator.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Result;
use confab_simulator_base::{PageUpdate, SimulatorContext, StoredSettings};
use serde_json::Value;
use tokio::sync::{Notify, broadcast};

use crate::{
    account::TelegramAccount,
    faults::CallFaults,
    flood::FloodLimits,
    settings::TelegramSettings,
    tables,
    unit::Unit,
    webhook::{self, Webhook},
};

const SETTINGS_NAME: &str = "telegram";
/// Updates that a slow page may fall behind before it has to fetch again.
const MAX_PENDING_PAGE_UPDATES: usize = 1_024;

#[derive(Debug)]
pub struct Telegram {
    pub(crate) context: Arc<SimulatorContext>,
    pub(crate) account: TelegramAccount,
    pub(crate) settings: StoredSettings<TelegramSettings>,
    /// Wakes the delivery loop.
    pub(crate) work: Notify,
    pub(crate) page_updates: broadcast::Sender<PageUpdate>,
    live: Mutex<Live>,
}

/// What a restart forgets.
#[derive(Debug, Default)]
pub(crate) struct Live {
    pub(crate) faults: CallFaults,
    pub(crate) flood: FloodLimits,
    pub(crate) random: fastrand::Rng,
    pub(crate) webhook_set_at: Option<i64>,
    /// Chat actions and drafts by chat.
    pub(crate) signs: HashMap<i64, Sign>,
}

/// A sign of life in a chat, shown until a time.
#[derive(Debug, Clone)]
pub(crate) struct Sign {
    pub(crate) body: Value,
    pub(crate) until: i64,
}

impl Telegram {
    /// Opens the tables, and connects the configured webhook unless the app has set one.
    pub fn open(context: Arc<SimulatorContext>, account: TelegramAccount) -> Result<Arc<Self>> {
        context.store().create_tables(tables::SCHEMA)?;
        let settings = StoredSettings::<TelegramSettings>::open(&context, SETTINGS_NAME)?;
        let telegram = Self {
            context,
            account,
            settings,
            work: Notify::new(),
            page_updates: broadcast::channel(MAX_PENDING_PAGE_UPDATES).0,
            live: Mutex::default(),
        };
        telegram.reseed();
        telegram.connect_configured_webhook()?;
        Ok(Arc::new(telegram))
    }

    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the sequence of random faults anew when the settings name a seed.
    pub(crate) fn reseed(&self) {
        if let Some(seed) = self.settings.get().seed {
            self.live().random = fastrand::Rng::with_seed(seed);
        }
    }

    /// Whether an event of this percentage happens now.
    pub(crate) fn happens(&self, percent: u32) -> bool {
        percent > 0 && self.live().random.u32(0..100) < percent
    }

    /// Saves all of `work` or none of it, then shows it on open pages and wakes the delivery.
    pub(crate) fn write<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&mut Unit<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut page_updates = Vec::new();
        let result = self.context.store().write(|tx| {
            work(&mut Unit {
                db: tx.db,
                telegram: self,
                now: self.context.now(),
                page_updates: &mut page_updates,
            })
        })?;
        for (name, data) in page_updates {
            self.update_pages(name, data);
        }
        self.work.notify_one();
        Ok(result)
    }

    pub(crate) fn update_pages(&self, name: &'static str, data: Value) {
        // Sending fails when no page is open.
        drop(self.page_updates.send(PageUpdate { name, data }));
    }

    fn connect_configured_webhook(&self) -> Result<()> {
        let account = &self.account;
        if account.webhook_url.is_empty() {
            return Ok(());
        }
        let store = self.context.store();
        let current = webhook::get(&store.db)?;
        if current.url.is_empty() || current.is_configured {
            webhook::put(&store.db, &Webhook::configured(account))?;
        }
        Ok(())
    }
}
