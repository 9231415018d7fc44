//! Timers: order checks, reminders, expired face data and held messages.

use std::time::Duration;

use confab_core::{OrderId, Timestamp, after, before};

use super::{Action, FACE_TTL, MESSAGING_WINDOW, SOURCE_MAX_AGE, Turn};
use crate::{OrderStatus, Photos, Stage, replies};

/// Silence after which a user in the middle of an order is reminded, once, within the messaging
/// window.
const REMINDER_DELAY: Duration = Duration::from_secs(20 * 3600);

impl Turn<'_> {
    pub(super) fn timer_fired(&mut self) {
        let now = self.now();
        self.remove_expired_faces();
        self.send_held_messages();
        let orders = &mut self.conversation().orders;
        orders.retain(|order| !order.is_unpaid() || now < order.next_check_at);
        let due: Vec<_> = orders
            .iter()
            .filter(|order| order.next_check_at <= now)
            .map(|order| order.id)
            .collect();
        for id in due {
            self.check_order(id);
        }
        if self.needs_reminder() && self.is_window_open() && now >= self.reminder_at() {
            self.conversation().is_reminded = true;
            let body = replies::reminder(self.texts(), &self.user.conversation);
            self.send(body);
        }
    }

    /// Removes selfies that are too old to sell, and all face data of users who have been silent
    /// for `FACE_TTL`.
    pub(super) fn remove_expired_faces(&mut self) {
        let now = self.now();
        let cutoff = before(now, SOURCE_MAX_AGE);
        self.conversation().photos.remove_received_before(cutoff);
        let is_active = now < after(self.user.last_message_at, FACE_TTL);
        if is_active || self.user.conversation.order_in_progress().is_some() {
            return;
        }
        let model = self.usable_model().cloned();
        let conversation = self.conversation();
        conversation.photos = Photos::default();
        conversation.held_messages.clear();
        conversation.class = None;
        conversation.model = model;
        conversation.stage = Stage::New;
        self.user.last_choices.clear();
    }

    fn check_order(&mut self, id: OrderId) {
        let now = self.now();
        let Some(order) = self.conversation().order_mut(id) else {
            return;
        };
        if order.is_overdue(now) {
            return self.finish_order(id);
        }
        let order = order.clone();
        let action = match order.status {
            OrderStatus::Requested { .. } if self.waits_for_model(&order) => None,
            OrderStatus::Requested { .. } => Some(Action::StartGeneration { order }),
            OrderStatus::Generating { tune, .. } => {
                Some(Action::CheckGeneration { order: id, tune })
            }
            OrderStatus::RefundRequested => Some(Action::Refund { order: id }),
            OrderStatus::Offered
            | OrderStatus::PaymentPending
            | OrderStatus::Delivered
            | OrderStatus::Refunded => return,
        };
        if let Some(order) = self.conversation().order_mut(id) {
            order.schedule_next_check(now);
        }
        self.actions.extend(action);
    }

    /// Whether the user stopped midway. While a payment is pending there is nothing to remind of.
    fn needs_reminder(&self) -> bool {
        let conversation = &self.user.conversation;
        let is_midway = matches!(
            conversation.stage,
            Stage::Collecting | Stage::Choosing | Stage::Paying
        );
        is_midway && !conversation.is_reminded && conversation.pending_order().is_none()
    }

    fn reminder_at(&self) -> Timestamp {
        after(self.user.last_message_at, REMINDER_DELAY)
    }

    /// Returns when the user's next timer fires: an order check, a reminder or held messages.
    pub(super) fn next_timer_at(&self) -> Option<Timestamp> {
        let conversation = &self.user.conversation;
        let mut timers: Vec<_> = conversation
            .orders
            .iter()
            .filter(|order| !order.is_finished())
            .map(|order| order.next_check_at)
            .collect();
        let window_ends_at = after(self.user.last_message_at, MESSAGING_WINDOW);
        if self.needs_reminder() && self.is_window_open() && self.reminder_at() < window_ends_at {
            timers.push(self.reminder_at());
        }
        if !conversation.held_messages.is_empty() && self.is_window_open() {
            timers.push(self.now());
        }
        timers.into_iter().min()
    }
}
