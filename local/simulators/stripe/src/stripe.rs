//! State of the simulator.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use confab_simulator_base::{SimulatorContext, StoredSettings, WebhookQueue};

use crate::{
    account::StripeAccount, faults::CallFaults, settings::StripeSettings, tables, webhook::PROVIDER,
};

const SETTINGS_NAME: &str = "stripe";

#[derive(Debug)]
pub struct Stripe {
    pub(crate) context: Arc<SimulatorContext>,
    pub(crate) account: StripeAccount,
    pub(crate) settings: Arc<StoredSettings<StripeSettings>>,
    pub(crate) webhooks: Arc<WebhookQueue>,
    faults: Mutex<CallFaults>,
}

impl Stripe {
    /// Opens the tables, and the queue of events that are owed to the app.
    pub fn open(context: Arc<SimulatorContext>, account: StripeAccount) -> Result<Arc<Self>> {
        context.store().create_tables(tables::SCHEMA)?;
        let settings = Arc::new(StoredSettings::<StripeSettings>::open(
            &context,
            SETTINGS_NAME,
        )?);
        let current = Arc::clone(&settings);
        let webhooks = context
            .store()
            .open_queue(&[PROVIDER], move || current.get().delivery())?;
        Ok(Arc::new(Self {
            context,
            account,
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
