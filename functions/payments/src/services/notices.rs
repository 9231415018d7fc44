//! Notices of providers, as they are put on the queue.

use confab_aws::Entry;
use confab_core::{CorrelationId, Result};
use confab_stripe::{Notice as StripeNotice, Subject};
use payments_domain::{Job, Notice, message_group};

/// The Stripe events that money follows. All others are ignored.
pub(crate) const MONEY_EVENTS: [&str; 16] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
];

/// A notice to queue, with the deduplication key that all its deliveries share.
pub(crate) struct QueuedNotice {
    pub(crate) id: String,
    pub(crate) notice: Notice,
    /// Derived from the id if the provider returned none.
    pub(crate) correlation_id: Option<CorrelationId>,
}

impl QueuedNotice {
    /// Converts an event of Stripe. Returns `None` if no money of ours follows it.
    pub(crate) fn from_stripe(event: StripeNotice) -> Option<Self> {
        if !MONEY_EVENTS.contains(&event.kind.as_str()) {
            return None;
        }
        let checkout = match event.subject {
            Subject::Checkout(id) => Some(id),
            _ => None,
        };
        // Our payments are made through payment intents.
        if checkout.is_none() && event.payment_intent.is_none() {
            return None;
        }
        Some(Self {
            id: format!("stripe#{}", event.id),
            correlation_id: event.correlation_id,
            notice: Notice::Stripe {
                order_id: event.order_id.and_then(|id| id.parse().ok()),
                checkout,
                payment: event.payment_intent,
            },
        })
    }

    pub(crate) fn into_entry(self) -> Result<Entry> {
        let correlation_id = self
            .correlation_id
            .unwrap_or_else(|| CorrelationId::of_event(&self.id));
        let group = message_group(&self.id, &self.notice);
        let job = Job::V1 {
            notice_id: self.id.clone(),
            notice: self.notice,
        };
        Entry::fifo(&group, &self.id, &job, correlation_id)
    }
}
