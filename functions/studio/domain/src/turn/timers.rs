//! What happens by itself.

use std::time::Duration;

use confab_core::{OrderId, Timestamp, after, before};

use super::{Action, Attending, FACES_KEPT, USED_FOR, WINDOW};
use crate::{Photos, Stage, Step, replies};

/// A person who stopped in the middle hears of us once, while we may still speak.
const REMINDED_AFTER: Duration = Duration::from_secs(20 * 3600);

impl Attending<'_> {
    pub(super) fn time_passed(&mut self) {
        let now = self.now();
        self.forgets_faces();
        self.catches_up();
        self.visit()
            .orders
            .retain(|order| !order.is_unpaid() || now < order.due);
        let due: Vec<_> = self
            .user
            .visit
            .orders
            .iter()
            .filter(|order| order.due <= now)
            .map(|order| order.id)
            .collect();
        for id in due {
            self.looks_at(id);
        }
        if self.is_to_be_reminded() && self.may_speak() && now >= self.reminder() {
            self.visit().is_reminded = true;
            let body = replies::reminder(self.texts(), &self.user.visit);
            self.say(body);
        }
    }

    /// Whoever comes back after so long sends new selfies.
    pub(super) fn forgets_faces(&mut self) {
        let now = self.now();
        self.visit().photos.forget_before(before(now, USED_FOR));
        if self.user.visit.in_work().is_some() || now < after(self.user.last_message_at, FACES_KEPT)
        {
            return;
        }
        let model = self.model().cloned();
        let visit = self.visit();
        visit.photos = Photos::default();
        visit.unsaid.clear();
        visit.class = None;
        visit.model = model;
        visit.stage = Stage::New;
        self.user.offered.clear();
    }

    pub(super) fn looks_at(&mut self, id: OrderId) {
        let now = self.now();
        let Some(order) = self.visit().order_mut(id) else {
            return;
        };
        if order.is_late(now) {
            return self.ends(id);
        }
        let order = order.clone();
        let action = match order.step {
            Step::Asked { .. } if self.waits(&order) => None,
            Step::Asked { .. } => Some(Action::Make { order }),
            Step::Making { tune, .. } => Some(Action::LookAfter { order: id, tune }),
            Step::Returning => Some(Action::Refund { order: id }),
            Step::Offered | Step::PaymentPending | Step::Done | Step::Returned => return,
        };
        if let Some(order) = self.visit().order_mut(id) {
            order.was_looked_at(now);
        }
        self.actions.extend(action);
    }

    /// A user with a pending bank payment is not asked what to do next.
    fn is_to_be_reminded(&self) -> bool {
        let visit = &self.user.visit;
        let is_stuck = matches!(
            visit.stage,
            Stage::Collecting | Stage::Choosing | Stage::Paying
        );
        is_stuck && !visit.is_reminded && visit.pending().is_none()
    }

    pub(super) fn reminder(&self) -> Timestamp {
        after(self.user.last_message_at, REMINDED_AFTER)
    }

    /// The next moment that this person must not be forgotten at.
    pub(super) fn next_look(&self) -> Option<Timestamp> {
        let visit = &self.user.visit;
        let orders = visit
            .orders
            .iter()
            .filter(|order| !order.is_over())
            .map(|order| order.due);
        let reminder = self.is_to_be_reminded().then(|| self.reminder());
        let reminder = reminder
            .filter(|at| *at < after(self.user.last_message_at, WINDOW) && self.may_speak());
        let unsaid = (!visit.unsaid.is_empty() && self.may_speak()).then(|| self.now());
        orders.chain(reminder).chain(unsaid).min()
    }
}
