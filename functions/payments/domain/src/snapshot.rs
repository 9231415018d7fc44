//! A provider's view of an order: absolute totals as of now, not changes.

use std::time::Duration;

use confab_core::{Money, Timestamp, after};

use crate::{Order, PaymentReport, Provider};

/// Age at which an order without a payment expires when no provider can be asked.
const ORDER_TTL: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderSnapshot {
    /// The provider that reported it; `None` for our own ledger.
    pub provider: Option<Provider>,
    /// The provider's id of the payment.
    pub payment: Option<String>,
    /// The payment belongs to another order, or was not made on this order's checkout page.
    pub is_foreign: bool,
    /// `None` in a currency that we do not support.
    pub received: Option<Money>,
    pub refunded: i64,
    /// Withdrawn by banks in disputes and not returned.
    pub disputed: i64,
    /// The provider's fees, if it reports them in the order's currency.
    pub fees: Option<i64>,
    /// Paid, but not cleared yet.
    pub is_processing: bool,
    /// The checkout page can no longer be paid.
    pub is_expired: bool,
    /// The last attempt failed for good.
    pub has_failed: bool,
    /// Refunded in full, in any currency.
    pub is_fully_refunded: bool,
}

impl ProviderSnapshot {
    /// Returns the booked totals of an order that no provider can be asked about. It expires after
    /// a day.
    pub fn from_ledger(order: &Order, now: Timestamp) -> Self {
        Self {
            payment: order.payment.clone(),
            received: Some(Money::new(order.received, order.price.currency)),
            refunded: order.refunded,
            disputed: order.disputed,
            is_expired: now >= after(order.created_at, ORDER_TTL),
            ..Self::default()
        }
    }

    /// Returns the snapshot of a SUMIT notice, which reports a payment in full and never a refund.
    pub fn from_sumit(order: &Order, payment: &str) -> Self {
        let is_own = is_own_payment(order, payment);
        Self {
            provider: Some(Provider::Sumit),
            payment: Some(payment.to_owned()),
            received: Some(order.price),
            refunded: if is_own { order.refunded } else { 0 },
            disputed: if is_own { order.disputed } else { 0 },
            ..Self::default()
        }
    }

    /// Returns the snapshot of a signed report. An older report that arrives late does not lower
    /// the refunded total.
    pub fn from_report(order: &Order, report: &PaymentReport, is_foreign: bool) -> Self {
        let is_own = is_own_payment(order, &report.payment);
        let refunded = if is_own {
            report.refunded.max(order.refunded)
        } else {
            report.refunded
        };
        Self {
            provider: Some(Provider::Generic),
            payment: Some(report.payment.clone()),
            is_foreign,
            received: report.received,
            refunded,
            disputed: if is_own { order.disputed } else { 0 },
            has_failed: report.has_failed,
            ..Self::default()
        }
    }

    /// Returns whether money has arrived.
    pub(crate) fn has_received(&self) -> bool {
        self.received.is_some_and(|money| money.minor > 0)
    }
}

fn is_own_payment(order: &Order, payment: &str) -> bool {
    order.received == 0 || order.payment.as_deref() == Some(payment)
}

#[cfg(test)]
mod tests {
    use confab_contracts::payments::Purchase;
    use confab_core::{CorrelationId, Currency, OrderId};

    use super::*;
    use crate::{OrderState, book};

    fn order() -> Order {
        let now = Timestamp::UNIX_EPOCH;
        let purchase = Purchase {
            product: "studio".into(),
            item: "studio.lite".into(),
            payer: "usr_1".into(),
            reference: String::new(),
        };
        Order::new(
            OrderId::new(now, &|| [1; 10]),
            purchase,
            Money::new(2_900, Currency::Usd),
            1,
            now,
            CorrelationId::new(now, &|| [2; 10]),
        )
    }

    fn report(payment: &str, refunded: i64) -> PaymentReport {
        PaymentReport {
            order_id: order().id,
            payment: payment.into(),
            received: Some(order().price),
            refunded,
            has_failed: false,
        }
    }

    #[test]
    fn order_without_a_checkout_expires_after_a_day() {
        let day = 24 * 3600;
        for (second, state) in [(day - 1, OrderState::Pending), (day, OrderState::Expired)] {
            let now = Timestamp::from_second(second).unwrap();
            let snapshot = ProviderSnapshot::from_ledger(&order(), now);
            assert_eq!(book(order(), &snapshot).order.state, state);
        }
    }

    #[test]
    fn older_report_does_not_lower_the_refunded_total() {
        let mut booked = order();
        for refunded in [900, 0] {
            let snapshot = ProviderSnapshot::from_report(&booked, &report("p-1", refunded), false);
            booked = book(booked, &snapshot).order;
            assert_eq!(booked.refunded, 900);
        }
        let other = ProviderSnapshot::from_report(&booked, &report("p-2", 0), false);
        assert_eq!(other.refunded, 0, "another payment has its own total");
    }
}
