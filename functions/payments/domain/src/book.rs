//! Books a provider's snapshot of an order: a pure step from the booked totals to the reported
//! ones.
//!
//! It compares totals and never counts events, so duplicates, gaps and any order of notices give
//! the same result.

use confab_contracts::payments::{
    FailureReason, PaymentFailed, PaymentPending, PaymentReceived, PaymentRefunded,
    RefundRequested, ReturnReason,
};
use confab_core::Money;
use serde::{Deserialize, Serialize};

use crate::{EntryKind, Flag, LedgerEntry, Order, OrderState, Provider, ProviderSnapshot};

/// An event for the bus. Products consume all but `RefundRequested`, which payments sends to itself
/// when a refund that waited for the money falls due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OutboxEvent {
    Pending(PaymentPending),
    Received(PaymentReceived),
    Refunded(PaymentRefunded),
    Failed(PaymentFailed),
    RefundRequested(RefundRequested),
}

/// The order after a snapshot was booked, with the new ledger entries and the events to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    pub order: Order,
    pub entries: Vec<LedgerEntry>,
    pub events: Vec<OutboxEvent>,
}

/// Books a snapshot of an order. A snapshot that is superseded or refused changes flags only.
pub fn book(order: Order, snapshot: &ProviderSnapshot) -> Booking {
    let mut booking = Booking {
        order,
        entries: Vec::new(),
        events: Vec::new(),
    };
    if is_superseded(&booking.order, snapshot) {
        booking.order.set_flag(snapshot.payment.as_deref(), None);
        return booking;
    }
    if let Some(flag) = refusal_flag(&booking.order, snapshot) {
        booking.refuse(snapshot, flag);
        return booking;
    }
    let was_refund_due = booking.order.is_refund_due();
    booking.adopt_payment(snapshot);
    booking.announce_pending(snapshot);
    booking.book_received(snapshot);
    booking.book_returned(snapshot);
    booking.book_fees(snapshot);
    booking.announce_failure(snapshot);
    booking.order.state = next_state(&booking.order, snapshot);
    if booking.order.is_refund_due() && !was_refund_due {
        booking.announce_due_refund();
    }
    booking.update_flags(snapshot);
    booking
}

/// Returns whether a snapshot says nothing about the order's money: an attempt without money beside
/// the payment that has it, or an older report of a refused payment that was returned since.
fn is_superseded(order: &Order, snapshot: &ProviderSnapshot) -> bool {
    let was_returned = snapshot
        .payment
        .as_ref()
        .is_some_and(|payment| order.returned_payments.contains(payment));
    let has_no_money = snapshot.received.is_some_and(|money| money.minor == 0);
    was_returned || order.received > 0 && snapshot.payment != order.payment && has_no_money
}

/// Returns why a payment is refused as a whole. Nothing of a refused payment is booked.
fn refusal_flag(order: &Order, snapshot: &ProviderSnapshot) -> Option<Flag> {
    if order.received > 0 && snapshot.payment.is_some() && snapshot.payment != order.payment {
        return Some(Flag::PaidTwice);
    }
    if snapshot.is_foreign {
        return Some(Flag::ForeignOrder);
    }
    let Some(received) = snapshot.received else {
        return Some(Flag::WrongCurrency);
    };
    if received.minor != 0 && received.currency != order.price.currency {
        return Some(Flag::WrongCurrency);
    }
    if received.minor != 0 && received.minor != order.price.minor {
        return Some(Flag::WrongAmount);
    }
    let max_returned = received.minor.max(order.received);
    // A bank withdraws the whole charge, even after a partial refund.
    let is_plausible = (0..=max_returned).contains(&snapshot.refunded)
        && (0..=i64::MAX - max_returned).contains(&snapshot.disputed)
        && snapshot.fees.is_none_or(|fees| fees >= 0);
    if is_plausible {
        None
    } else {
        Some(Flag::Overdrawn)
    }
}

/// Returns whether a refused payment still needs an operator. One that was booked before always
/// does: the ledger is wrong.
fn holds_money(order: &Order, snapshot: &ProviderSnapshot) -> bool {
    if order.received > 0 && snapshot.payment == order.payment {
        return true;
    }
    if snapshot.is_fully_refunded {
        return false;
    }
    let returned = snapshot.refunded.checked_add(snapshot.disputed);
    snapshot
        .received
        .is_none_or(|received| returned != Some(received.minor))
}

fn next_state(order: &Order, snapshot: &ProviderSnapshot) -> OrderState {
    if order.disputed > 0 {
        OrderState::Disputed
    } else if order.received > 0 && order.refunded >= order.received {
        OrderState::Refunded
    } else if order.received > 0 {
        OrderState::Paid
    } else if order.state.is_settled() {
        order.state
    } else if snapshot.is_processing {
        OrderState::Pending
    } else if snapshot.has_failed {
        OrderState::Failed
    } else if snapshot.is_expired {
        OrderState::Expired
    } else {
        OrderState::Pending
    }
}

impl Booking {
    fn add_money(&mut self, kind: EntryKind, minor: i64) {
        let amount = Money::new(minor, self.order.price.currency);
        self.entries.push(LedgerEntry::Money { kind, amount });
    }

    fn add_credits(&mut self, kind: EntryKind, credits: i64) {
        if credits != 0 {
            self.entries.push(LedgerEntry::Credits {
                kind,
                product: self.order.purchase.product.clone(),
                payer: self.order.purchase.payer.clone(),
                credits,
            });
        }
    }

    /// Flags a refused payment while it holds money.
    fn refuse(&mut self, snapshot: &ProviderSnapshot, flag: Flag) {
        let is_open = flag == Flag::Overdrawn || holds_money(&self.order, snapshot);
        let flag = is_open.then_some(flag);
        self.order.set_flag(snapshot.payment.as_deref(), flag);
        if !is_open && snapshot.provider == Some(Provider::Generic) {
            let payment = snapshot.payment.clone();
            self.order.returned_payments.extend(payment);
        }
    }

    /// Makes a payment with money, or with money on its way, the order's payment.
    fn adopt_payment(&mut self, snapshot: &ProviderSnapshot) {
        let has_money = snapshot.is_processing || snapshot.has_received();
        if snapshot.payment.is_some() && has_money {
            self.order.payment.clone_from(&snapshot.payment);
            self.order.provider = snapshot.provider.unwrap_or(self.order.provider);
        }
    }

    /// Announces a payment in progress once, and never after the order is settled.
    fn announce_pending(&mut self, snapshot: &ProviderSnapshot) {
        let order = &mut self.order;
        let is_pending = snapshot.is_processing && !snapshot.has_received();
        if is_pending && !order.is_pending_announced && !order.state.is_settled() {
            order.is_pending_announced = true;
            self.events.push(OutboxEvent::Pending(PaymentPending {
                order_id: order.id,
                purchase: order.purchase.clone(),
                amount: order.price,
            }));
        }
    }

    fn book_received(&mut self, snapshot: &ProviderSnapshot) {
        // The received total never falls: returned money is a refund or a dispute.
        let reported = snapshot.received.map_or(0, |money| money.minor);
        let received = reported.max(self.order.received);
        if received > self.order.received {
            self.add_money(EntryKind::Charge, received - self.order.received);
            self.order.received = received;
        }
        if self.order.received > 0 && !self.order.is_granted {
            self.order.is_granted = true;
            self.add_credits(EntryKind::Credit, i64::from(self.order.credits));
            self.events.push(OutboxEvent::Received(PaymentReceived {
                order_id: self.order.id,
                purchase: self.order.purchase.clone(),
                amount: self.order.price,
                credits: self.order.credits,
            }));
        }
    }

    fn book_returned(&mut self, snapshot: &ProviderSnapshot) {
        let returned_before = self.order.refunded + self.order.disputed;
        let refunded = snapshot.refunded - self.order.refunded;
        let disputed = snapshot.disputed - self.order.disputed;
        if refunded > 0 {
            self.add_money(EntryKind::Refund, -refunded);
        } else if refunded < 0 {
            self.add_money(EntryKind::Reversal, -refunded);
        }
        if disputed != 0 {
            self.add_money(EntryKind::Reversal, -disputed);
        }
        self.order.refunded = snapshot.refunded;
        self.order.disputed = snapshot.disputed;
        if self.order.received > 0 && self.order.refunded >= self.order.received {
            self.order.complete_refund();
        }
        let returned = self.order.refunded + self.order.disputed;
        let is_all = self.order.received > 0 && returned >= self.order.received;
        if is_all && !self.order.is_revoked {
            self.order.is_revoked = true;
            self.add_credits(EntryKind::Reversal, -i64::from(self.order.credits));
        }
        if returned > returned_before {
            let reason = if disputed > 0 {
                ReturnReason::Dispute
            } else {
                ReturnReason::Refund
            };
            self.events.push(OutboxEvent::Refunded(PaymentRefunded {
                order_id: self.order.id,
                purchase: self.order.purchase.clone(),
                returned: Money::new(returned, self.order.price.currency),
                is_all,
                reason,
            }));
        }
    }

    fn book_fees(&mut self, snapshot: &ProviderSnapshot) {
        if let Some(fees) = snapshot.fees
            && fees != self.order.fees
        {
            self.add_money(EntryKind::Fee, self.order.fees - fees);
            self.order.fees = fees;
        }
    }

    /// Announces that an open order was declined or has expired. Runs before the order's state
    /// changes.
    fn announce_failure(&mut self, snapshot: &ProviderSnapshot) {
        let reason = if snapshot.has_failed {
            FailureReason::Declined
        } else if snapshot.is_expired {
            FailureReason::Expired
        } else {
            return;
        };
        let order = &self.order;
        if !order.state.is_settled() && order.received == 0 && !snapshot.is_processing {
            self.events.push(OutboxEvent::Failed(PaymentFailed {
                order_id: order.id,
                purchase: order.purchase.clone(),
                reason,
            }));
        }
    }

    fn announce_due_refund(&mut self) {
        let refund = self.order.refund.as_ref();
        self.events
            .push(OutboxEvent::RefundRequested(RefundRequested {
                order_id: self.order.id,
                product: self.order.purchase.product.clone(),
                reason: refund
                    .map(|refund| refund.reason.clone())
                    .unwrap_or_default(),
            }));
    }

    /// Ends the flag of the snapshot's payment, and sets the one that the order's own payment has
    /// now.
    fn update_flags(&mut self, snapshot: &ProviderSnapshot) {
        let order = &mut self.order;
        let flag = order.manual_refund_flag().or_else(|| order.balance_flag());
        order.set_flag(snapshot.payment.as_deref(), None);
        order.set_flag(order.payment.clone().as_deref(), flag);
    }
}

#[cfg(test)]
mod tests;
