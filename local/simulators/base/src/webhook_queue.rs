//! The queue of one delivery loop: owed webhooks in memory, and a signal that there is work.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, futures::Notified};

use crate::{
    delivery_settings::DeliverySettings, webhook::Webhook, webhook_backlog::WebhookBacklog,
};

pub struct WebhookQueue {
    backlog: Mutex<WebhookBacklog>,
    settings: Box<dyn Fn() -> DeliverySettings + Send + Sync>,
    work: Notify,
}

impl WebhookQueue {
    pub(crate) fn new(settings: impl Fn() -> DeliverySettings + Send + Sync + 'static) -> Self {
        Self {
            backlog: Mutex::default(),
            settings: Box::new(settings),
            work: Notify::new(),
        }
    }

    /// Counts the webhooks that are still owed, including those in flight.
    pub fn len(&self) -> usize {
        self.backlog().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Wakes the delivery loop: something may be due, or the settings changed.
    pub fn wake(&self) {
        self.work.notify_one();
    }

    pub(crate) fn woken(&self) -> Notified<'_> {
        self.work.notified()
    }

    pub(crate) fn settings(&self) -> DeliverySettings {
        (self.settings)()
    }

    pub(crate) fn push(&self, webhook: Webhook) {
        self.backlog().push(webhook);
    }

    /// Takes the updates of the next request. They count as in flight until `remove` or `retry_at`.
    pub fn take(&self, now: i64, in_flight: usize) -> Option<Vec<Webhook>> {
        let settings = self.settings();
        if in_flight >= settings.concurrency {
            return None;
        }
        let webhooks = self.backlog().take(now, &settings);
        (!webhooks.is_empty()).then_some(webhooks)
    }

    pub fn remove(&self, id: i64) {
        self.backlog().remove(id);
    }

    pub(crate) fn retry_at(&self, id: i64, due_at: i64) {
        self.backlog().retry_at(id, due_at);
    }

    pub(crate) fn next_due(&self, now: i64) -> Option<i64> {
        self.backlog().next_due(now)
    }

    fn backlog(&self) -> MutexGuard<'_, WebhookBacklog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for WebhookQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookQueue")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
