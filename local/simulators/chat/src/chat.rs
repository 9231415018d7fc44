//! State of all conversations.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use confab_simulator_base::{
    NewWebhook, PageUpdate, Provider, SimulatorContext, StoredSettings, Transaction, WebhookQueue,
};
use serde_json::Value;

use crate::{
    conversation::{Message, Person, message_update},
    faults::{SendFault, SendFaults},
    media, messages, people,
    settings::ChatSettings,
};

const SETTINGS_NAME: &str = "delivery";
/// How long the app may answer a person's message freely.
const REPLY_WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;

#[derive(Debug)]
pub struct Chat {
    pub context: Arc<SimulatorContext>,
    pub settings: Arc<StoredSettings<ChatSettings>>,
    pub webhooks: Arc<WebhookQueue>,
    faults: Mutex<SendFaults>,
}

impl Chat {
    /// Opens the conversations and the queue that the messaging providers share.
    pub fn open(context: Arc<SimulatorContext>, providers: &[Provider]) -> Result<Arc<Self>> {
        let store = context.store();
        for schema in [people::SCHEMA, messages::SCHEMA, media::SCHEMA] {
            store.create_tables(schema)?;
        }
        drop(store);
        let settings = Arc::new(StoredSettings::<ChatSettings>::open(
            &context,
            SETTINGS_NAME,
        )?);
        let current = Arc::clone(&settings);
        let webhooks = context
            .store()
            .open_queue(providers, move || current.get().delivery())?;
        Ok(Arc::new(Self {
            context,
            settings,
            webhooks,
            faults: Mutex::default(),
        }))
    }

    /// Whether the app may send the person anything but a template.
    pub fn is_reply_window_open(&self, person: &Person) -> bool {
        let now = self.context.now();
        person.wrote_at.is_some_and(|at| now - at < REPLY_WINDOW_MS)
    }

    pub fn enqueue(
        &self,
        tx: &mut Transaction<'_>,
        webhook: &NewWebhook,
        now: i64,
    ) -> rusqlite::Result<()> {
        tx.enqueue(&self.webhooks, webhook, now)
    }

    /// Shows a new or changed message on open pages.
    pub fn show(&self, person: &str, message: &Message) {
        self.context.update_pages(message_update(person, message));
    }

    pub fn update_pages(&self, name: &'static str, data: Value) {
        self.context.update_pages(PageUpdate { name, data });
    }

    pub fn faults(&self) -> MutexGuard<'_, SendFaults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn next_fault(&self, person: &str) -> Option<SendFault> {
        self.faults().next(Some(person))
    }
}
