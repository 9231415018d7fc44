//! Books what a provider says of an order: a pure step from what was booked to what is.
//!
//! It compares totals and never counts events, so copies, gaps and any order of notices come to the same.

use confab_contracts::payments::{
    FailureReason, PaymentFailed, PaymentPending, PaymentReceived, PaymentRefunded,
    RefundRequested, ReturnReason,
};
use confab_core::Money;
use serde::{Deserialize, Serialize};

use crate::{Flag, Kind, Order, Provider, Row, Standing, State};

/// What the products are told; and what is told to ourselves, when a product's wish can be done at last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Tell {
    Pending(PaymentPending),
    Received(PaymentReceived),
    Refunded(PaymentRefunded),
    Failed(PaymentFailed),
    RefundRequested(RefundRequested),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    pub order: Order,
    pub rows: Vec<Row>,
    pub tell: Vec<Tell>,
}

pub fn book(mut order: Order, standing: &Standing) -> Booked {
    let payment = standing.payment.as_deref();
    if is_beside(&order, standing) {
        order.flag_payment(payment, None);
        return Booked {
            order,
            rows: Vec::new(),
            tell: Vec::new(),
        };
    }
    if let Some(flag) = refusal(&order, standing) {
        let is_open = flag == Flag::Overdrawn || holds_money(&order, standing);
        order.flag_payment(payment, is_open.then_some(flag));
        if !is_open && standing.provider == Some(Provider::Generic) {
            order.returned.extend(standing.payment.clone());
        }
        return Booked {
            order,
            rows: Vec::new(),
            tell: Vec::new(),
        };
    }
    let mut booking = Booking::default();
    let was_owed = order.owes_refund();
    let has_come = standing.is_underway || standing.received.is_some_and(|money| money.minor > 0);
    if standing.payment.is_some() && has_come {
        order.payment.clone_from(&standing.payment);
        order.provider = standing.provider.unwrap_or(order.provider);
    }
    booking.pending(&mut order, standing);
    booking.received(&mut order, standing);
    booking.returned(&mut order, standing);
    booking.fees(&mut order, standing);
    booking.ended(&mut order, standing);
    order.state = state(&order, standing);
    if order.owes_refund() && !was_owed {
        booking.asks_back(&order);
    }
    let flag = order.refund_flag().or(match order.balance() {
        ..0 => Some(Flag::Overdrawn),
        0 => None,
        1.. if order.owes_refund() => None,
        1.. => order.taken_back.then_some(Flag::CameBack),
    });
    order.flag_payment(payment, None);
    order.flag_payment(order.payment.clone().as_deref(), flag);
    Booked {
        order,
        rows: booking.rows,
        tell: booking.tell,
    }
}

/// An attempt that brought nothing, beside the payment that did: a page that expired after it was paid elsewhere. Or an
/// older claim about a payment that was refused and is returned by now.
fn is_beside(order: &Order, standing: &Standing) -> bool {
    let is_settled = standing
        .payment
        .as_ref()
        .is_some_and(|payment| order.returned.contains(payment));
    is_settled
        || order.received > 0
            && standing.payment != order.payment
            && standing.received.is_some_and(|money| money.minor == 0)
}

/// What is wrong with the payment as a whole: nothing of it is booked then.
fn refusal(order: &Order, standing: &Standing) -> Option<Flag> {
    if order.received > 0 && standing.payment.is_some() && standing.payment != order.payment {
        return Some(Flag::PaidTwice);
    }
    if standing.is_foreign {
        return Some(Flag::ForeignOrder);
    }
    let Some(received) = standing.received else {
        return Some(Flag::WrongCurrency);
    };
    if received.minor != 0 && received.currency != order.price.currency {
        return Some(Flag::WrongCurrency);
    }
    if received.minor != 0 && received.minor != order.price.minor {
        return Some(Flag::WrongAmount);
    }
    let most = received.minor.max(order.received);
    // A bank takes the whole charge back, whatever was refunded of it.
    let is_plausible = (0..=most).contains(&standing.refunded)
        && (0..=i64::MAX - most).contains(&standing.disputed)
        && standing.fees.is_none_or(|fees| fees >= 0);
    (!is_plausible).then_some(Flag::Overdrawn)
}

/// Whether a refused payment still needs a person. A payment that was booked before always does: its books are wrong.
fn holds_money(order: &Order, standing: &Standing) -> bool {
    if order.received > 0 && standing.payment == order.payment {
        return true;
    }
    let back = standing.refunded.checked_add(standing.disputed);
    !standing.is_returned
        && standing
            .received
            .is_none_or(|received| back != Some(received.minor))
}

#[derive(Default)]
struct Booking {
    rows: Vec<Row>,
    tell: Vec<Tell>,
}

impl Booking {
    fn money(&mut self, order: &Order, kind: Kind, minor: i64) {
        self.rows.push(Row::Money {
            kind,
            amount: Money::new(minor, order.price.currency),
        });
    }

    fn credits(&mut self, order: &Order, kind: Kind, credits: i64) {
        if credits != 0 {
            let (product, payer) = (order.purchase.product.clone(), order.purchase.payer.clone());
            self.rows.push(Row::Credits {
                kind,
                product,
                payer,
                credits,
            });
        }
    }

    /// Told once, and never of an order that has come to an end.
    fn pending(&mut self, order: &mut Order, standing: &Standing) {
        let is_here = standing.received.is_some_and(|money| money.minor > 0);
        if standing.is_underway && !is_here && !order.told_pending && !order.state.is_settled() {
            order.told_pending = true;
            let (order_id, purchase, amount) = (order.id, order.purchase.clone(), order.price);
            self.tell.push(Tell::Pending(PaymentPending {
                order_id,
                purchase,
                amount,
            }));
        }
    }

    fn received(&mut self, order: &mut Order, standing: &Standing) {
        // What came in does not become less: what goes back is a refund or a dispute.
        let received = standing
            .received
            .map_or(0, |money| money.minor)
            .max(order.received);
        if received > order.received {
            self.money(order, Kind::Charge, received - order.received);
            order.received = received;
        }
        if order.received > 0 && !order.granted {
            order.granted = true;
            self.credits(order, Kind::Credit, i64::from(order.credits));
            self.tell.push(Tell::Received(PaymentReceived {
                order_id: order.id,
                purchase: order.purchase.clone(),
                amount: order.price,
                credits: order.credits,
            }));
        }
    }

    fn returned(&mut self, order: &mut Order, standing: &Standing) {
        let before = order.refunded + order.disputed;
        match standing.refunded - order.refunded {
            0 => {}
            more @ 1.. => self.money(order, Kind::Refund, -more),
            less => self.money(order, Kind::Reversal, -less),
        }
        match standing.disputed - order.disputed {
            0 => {}
            change => self.money(order, Kind::Reversal, -change),
        }
        let reason = match standing.disputed > order.disputed {
            true => ReturnReason::Dispute,
            false => ReturnReason::Refund,
        };
        order.refunded = standing.refunded;
        order.disputed = standing.disputed;
        if order.received > 0 && order.refunded >= order.received {
            order.refund_is_made();
        }
        let returned = order.refunded + order.disputed;
        let is_all = order.received > 0 && returned >= order.received;
        if is_all && !order.taken_back {
            order.taken_back = true;
            self.credits(order, Kind::Reversal, -i64::from(order.credits));
        }
        if returned > before {
            self.tell.push(Tell::Refunded(PaymentRefunded {
                order_id: order.id,
                purchase: order.purchase.clone(),
                returned: Money::new(returned, order.price.currency),
                is_all,
                reason,
            }));
        }
    }

    fn asks_back(&mut self, order: &Order) {
        let (order_id, product) = (order.id, order.purchase.product.clone());
        let reason = order
            .refund
            .as_ref()
            .map(|refund| refund.reason.clone())
            .unwrap_or_default();
        self.tell.push(Tell::RefundRequested(RefundRequested {
            order_id,
            product,
            reason,
        }));
    }

    fn fees(&mut self, order: &mut Order, standing: &Standing) {
        if let Some(fees) = standing.fees.filter(|fees| *fees != order.fees) {
            self.money(order, Kind::Fee, order.fees - fees);
            order.fees = fees;
        }
    }

    fn ended(&mut self, order: &mut Order, standing: &Standing) {
        let was_open = !order.state.is_settled();
        let reason = match (standing.has_failed, standing.is_closed) {
            (true, _) => FailureReason::Declined,
            (false, true) => FailureReason::Expired,
            (false, false) => return,
        };
        if was_open && order.received == 0 && !standing.is_underway {
            let (order_id, purchase) = (order.id, order.purchase.clone());
            self.tell.push(Tell::Failed(PaymentFailed {
                order_id,
                purchase,
                reason,
            }));
        }
    }
}

fn state(order: &Order, standing: &Standing) -> State {
    if order.disputed > 0 {
        State::Disputed
    } else if order.received > 0 && order.refunded >= order.received {
        State::Refunded
    } else if order.received > 0 {
        State::Paid
    } else if order.state.is_settled() {
        order.state
    } else if standing.is_underway {
        State::Pending
    } else if standing.has_failed {
        State::Failed
    } else if standing.is_closed {
        State::Expired
    } else {
        State::Pending
    }
}

#[cfg(test)]
mod tests;
