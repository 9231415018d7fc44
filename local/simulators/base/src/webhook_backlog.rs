//! Chooses which owed webhooks go out next. Webhooks with one ordering key keep their order unless
//! reordering is on.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    delivery_settings::DeliverySettings,
    webhook::{OrderingKey, Provider, Webhook, WebhookKind},
};

#[derive(Debug, Default)]
pub(crate) struct WebhookBacklog {
    waiting: BTreeMap<i64, Webhook>,
    in_flight: HashSet<i64>,
}

impl WebhookBacklog {
    pub(crate) fn push(&mut self, webhook: Webhook) {
        self.waiting.insert(webhook.id, webhook);
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes the updates of the next request: several only for a provider that batches. They count
    /// as in flight until `remove` or `retry_at`.
    pub(crate) fn take(&mut self, now: i64, settings: &DeliverySettings) -> Vec<Webhook> {
        let ids = if settings.reorder {
            self.shuffled(now, settings)
        } else {
            self.in_order(now, settings)
        };
        self.in_flight.extend(&ids);
        ids.iter()
            .filter_map(|id| self.waiting.get(id))
            .cloned()
            .collect()
    }

    pub(crate) fn remove(&mut self, id: i64) {
        self.in_flight.remove(&id);
        self.waiting.remove(&id);
    }

    pub(crate) fn retry_at(&mut self, id: i64, due_at: i64) {
        self.in_flight.remove(&id);
        if let Some(webhook) = self.waiting.get_mut(&id) {
            webhook.attempts += 1;
            webhook.due_at = due_at;
        }
    }

    /// Returns the next due time after `now`. Webhooks that are due already do not wait for the
    /// clock.
    pub(crate) fn next_due(&self, now: i64) -> Option<i64> {
        self.waiting
            .values()
            .map(|webhook| webhook.due_at)
            .filter(|due_at| *due_at > now)
            .min()
    }

    fn is_ready(&self, webhook: &Webhook, now: i64) -> bool {
        webhook.due_at <= now && !self.in_flight.contains(&webhook.id)
    }

    fn in_order(&self, now: i64, settings: &DeliverySettings) -> Vec<i64> {
        let mut batch = Batch::new(settings.batch);
        let mut walks: HashMap<&OrderingKey, KeyWalk> = HashMap::new();
        for webhook in self.waiting.values() {
            let walk = walks.entry(&webhook.ordering_key).or_insert(KeyWalk {
                first_copy: webhook.first_copy,
                has_skipped: false,
                is_blocked: false,
                is_taken: false,
            });
            if walk.first_copy != webhook.first_copy {
                *walk = KeyWalk {
                    first_copy: webhook.first_copy,
                    has_skipped: false,
                    is_blocked: walk.is_blocked || walk.has_skipped,
                    is_taken: false,
                };
            }
            let is_next = !walk.is_blocked && !walk.is_taken && self.is_ready(webhook, now);
            if is_next && batch.add(webhook) {
                walk.is_taken = true;
                if batch.is_full() {
                    break;
                }
            } else {
                walk.has_skipped = true;
            }
        }
        batch.ids
    }

    fn shuffled(&self, now: i64, settings: &DeliverySettings) -> Vec<i64> {
        let mut ready: Vec<&Webhook> = self
            .waiting
            .values()
            .filter(|webhook| self.is_ready(webhook, now))
            .collect();
        fastrand::shuffle(&mut ready);
        let mut batch = Batch::new(settings.batch);
        for webhook in ready {
            if batch.is_full() {
                break;
            }
            batch.add(webhook);
        }
        batch.ids
    }
}

/// How far the webhooks of one ordering key have been walked.
struct KeyWalk {
    first_copy: i64,
    /// A copy of the current webhook stays behind.
    has_skipped: bool,
    /// A copy of an earlier webhook stays behind.
    is_blocked: bool,
    /// A copy of the current webhook is in the batch: the others go separately.
    is_taken: bool,
}

struct Batch {
    ids: Vec<i64>,
    limit: usize,
    contents: Option<(Provider, WebhookKind)>,
}

impl Batch {
    fn new(limit: usize) -> Self {
        Self {
            ids: Vec::new(),
            limit,
            contents: None,
        }
    }

    fn is_full(&self) -> bool {
        let batches = self.contents.is_some_and(|(provider, _)| provider.batches);
        let limit = if batches { self.limit } else { 1 };
        self.ids.len() >= limit && !self.ids.is_empty()
    }

    fn add(&mut self, webhook: &Webhook) -> bool {
        let contents = (webhook.provider, webhook.ordering_key.kind);
        let fits = self.contents.is_none_or(|first| first == contents) && !self.is_full();
        if fits {
            self.contents = Some(contents);
            self.ids.push(webhook.id);
        }
        fits
    }
}

#[cfg(test)]
mod tests;
