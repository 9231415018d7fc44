//! Compares the ledger with a provider's snapshot, without booking it.

use crate::{Order, ProviderSnapshot, book};

/// The result of comparing one payment with the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    /// Equal, and the payment is flagged. It is compared until the flag ends, since no notice may
    /// announce that.
    Flagged,
    Different,
    NoSuchOrder,
}

/// Compares an order with a snapshot. The bool tells whether booking the snapshot would change the
/// order. The end of a flag is a change, but no difference.
pub fn compare(order: &Order, snapshot: &ProviderSnapshot) -> (Comparison, bool) {
    let booking = book(order.clone(), snapshot);
    // Booking never lowers the received total, so a lower report is checked here.
    let has_received_less = snapshot.payment == order.payment
        && snapshot
            .received
            .is_some_and(|money| money.minor < order.received);
    let is_booked =
        booking.entries.is_empty() && booking.order.state == order.state && !has_received_less;
    if !is_booked || booking.order.newly_flagged(order).is_some() {
        return (Comparison::Different, true);
    }
    let payment = snapshot.payment.as_deref().unwrap_or_default();
    if order.flags.contains_key(payment) {
        (Comparison::Flagged, booking.order.flags != order.flags)
    } else {
        (Comparison::Equal, false)
    }
}

#[cfg(test)]
mod tests {
    use confab_contracts::payments::Purchase;
    use confab_core::{CorrelationId, Currency, Money, OrderId, Timestamp};

    use super::*;

    const PRICE: i64 = 1_900;

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
            Money::new(PRICE, Currency::Usd),
            1,
            now,
            CorrelationId::new(now, &|| [2; 10]),
        )
    }

    fn snapshot(payment: &str, refunded: i64) -> ProviderSnapshot {
        ProviderSnapshot {
            payment: Some(payment.into()),
            received: Some(Money::new(PRICE, Currency::Usd)),
            refunded,
            ..ProviderSnapshot::default()
        }
    }

    #[test]
    fn payment_differs_until_it_is_booked() {
        let new = order();
        assert_eq!(
            compare(&new, &snapshot("pi_1", 0)),
            (Comparison::Different, true)
        );
        let paid = book(new, &snapshot("pi_1", 0)).order;
        assert_eq!(
            compare(&paid, &snapshot("pi_1", 0)),
            (Comparison::Equal, false)
        );
        let less = ProviderSnapshot {
            received: Some(Money::new(0, Currency::Usd)),
            ..snapshot("pi_1", 0)
        };
        assert_eq!(compare(&paid, &less), (Comparison::Different, true));
    }

    #[test]
    fn flagged_payment_is_compared_until_its_flag_ends() {
        let paid = book(order(), &snapshot("pi_1", 0)).order;
        assert_eq!(
            compare(&paid, &snapshot("pi_2", 0)),
            (Comparison::Different, true),
            "a flag is missing"
        );
        let flagged = book(paid, &snapshot("pi_2", 0)).order;
        assert_eq!(
            compare(&flagged, &snapshot("pi_2", 0)),
            (Comparison::Flagged, false)
        );
        assert_eq!(
            compare(&flagged, &snapshot("pi_1", 0)),
            (Comparison::Equal, false),
            "the first payment has no flag"
        );
        assert_eq!(
            compare(&flagged, &snapshot("pi_2", PRICE)),
            (Comparison::Flagged, true),
            "booking ends the flag"
        );
        let ended = book(flagged, &snapshot("pi_2", PRICE)).order;
        assert_eq!(
            compare(&ended, &snapshot("pi_2", PRICE)),
            (Comparison::Equal, false)
        );
    }
}
