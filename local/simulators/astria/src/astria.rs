//! State of the simulator.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use confab_simulator_base::{SimulatorContext, StoredSettings, WebhookQueue};

use crate::{callback::PROVIDER, faults::CallFaults, settings::AstriaSettings, tables};

const SETTINGS_NAME: &str = "astria";

#[derive(Debug)]
pub struct Astria {
    pub(crate) context: Arc<SimulatorContext>,
    pub(crate) settings: Arc<StoredSettings<AstriaSettings>>,
    pub(crate) webhooks: Arc<WebhookQueue>,
    faults: Mutex<CallFaults>,
}

impl Astria {
    /// Opens the tables, and the queue of callbacks that are owed to the app.
    pub fn open(context: Arc<SimulatorContext>) -> Result<Arc<Self>> {
        context.store().create_tables(tables::SCHEMA)?;
        let settings = Arc::new(StoredSettings::<AstriaSettings>::open(
            &context,
            SETTINGS_NAME,
        )?);
        let current = Arc::clone(&settings);
        let webhooks = context
            .store()
            .open_queue(&[PROVIDER], move || current.get().delivery())?;
        Ok(Arc::new(Self {
            context,
            settings,
            webhooks,
            faults: Mutex::default(),
        }))
    }

    pub fn webhooks(&self) -> &Arc<WebhookQueue> {
        &self.webhooks
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, CallFaults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
