//! Reads the snapshot of an order from Stripe's objects.

use confab_core::{Error, Money, OrderId, Result};
use confab_stripe::{
    Charge, Checkout, CheckoutPayment, CheckoutStatus, Dispute, Payment, PaymentStatus, Stripe,
    StripeError,
};
use payments_domain::{Notice, Order, Provider, ProviderSnapshot};

use super::stripe::StripeAccount;

impl StripeAccount {
    /// Reads the order's own payment, by the ids that we stored. The ids of a notice are used if we
    /// have none, and checked as a foreign payment if they name another one with money. Returns
    /// `None` if Stripe knows neither.
    pub(crate) async fn snapshot(
        &self,
        order: &Order,
        notice: &Notice,
    ) -> Result<Option<ProviderSnapshot>> {
        let (notice_checkout, notice_payment) = match notice {
            Notice::Stripe {
                checkout, payment, ..
            } => (checkout.as_deref(), payment.as_deref()),
            _ => (None, None),
        };
        let own_payment = order
            .payment
            .as_deref()
            .filter(|_| order.provider == Provider::Stripe);
        let (checkout, payment) = match (order.checkout.as_deref(), own_payment) {
            (None, None) => (notice_checkout, notice_payment),
            stored => stored,
        };
        let stripe = self.client().await?;
        let own = PaymentObjects::read(&stripe, checkout, payment).await?;
        if !own.are_named_by(notice_checkout, notice_payment) {
            let other = PaymentObjects::read(&stripe, notice_checkout, notice_payment).await?;
            if let Some(snapshot) = other.snapshot(order.id)?
                && has_money(&snapshot)
            {
                return Ok(Some(ProviderSnapshot {
                    is_foreign: true,
                    ..snapshot
                }));
            }
        }
        own.snapshot(order.id)
    }
}

fn has_money(snapshot: &ProviderSnapshot) -> bool {
    snapshot.is_processing || snapshot.received.is_none_or(|money| money.minor != 0)
}

/// Stripe's objects of one payment.
#[derive(Default)]
struct PaymentObjects {
    checkout: Option<Checkout>,
    payment: Option<Payment>,
    disputes: Vec<Dispute>,
}

impl PaymentObjects {
    /// Reads the objects of a checkout, or of a payment if no checkout is known.
    async fn read(stripe: &Stripe, checkout: Option<&str>, payment: Option<&str>) -> Result<Self> {
        let checkout = match checkout {
            Some(id) => found(stripe.checkout(id).await)?,
            None => None,
        };
        let payment_id = match &checkout {
            Some(checkout) => checkout.payment_intent.as_deref(),
            None => payment,
        };
        let expanded = checkout
            .as_ref()
            .and_then(|checkout| checkout.payment.clone());
        let payment = match (expanded, payment_id) {
            (Some(payment), _) => Some(payment),
            (None, Some(id)) => found(stripe.payment_intent(id).await)?,
            (None, None) => None,
        };
        let is_disputed = |payment: &Payment| payment.charge.as_ref().is_some_and(|c| c.disputed);
        let disputes = match &payment {
            Some(payment) if is_disputed(payment) => stripe.disputes(&payment.id).await?,
            _ => Vec::new(),
        };
        Ok(Self {
            checkout,
            payment,
            disputes,
        })
    }

    /// Returns whether the ids of a notice, as far as it has any, are those of these objects.
    fn are_named_by(&self, checkout: Option<&str>, payment: Option<&str>) -> bool {
        let own_checkout = self.checkout.as_ref().map(|checkout| checkout.id.as_str());
        let own_payment = self.payment.as_ref().map(|payment| payment.id.as_str());
        (checkout.is_none() || checkout == own_checkout)
            && (payment.is_none() || payment == own_payment)
    }

    fn snapshot(&self, order_id: OrderId) -> Result<Option<ProviderSnapshot>> {
        let (checkout, payment) = (self.checkout.as_ref(), self.payment.as_ref());
        if checkout.is_none() && payment.is_none() {
            return Ok(None);
        }
        let charge = payment.and_then(|payment| payment.charge.as_ref());
        if charge.is_none() && payment.is_some_and(|payment| payment.latest_charge.is_some()) {
            return Err(unreadable("the charge"));
        }
        let has_payment_status = |statuses: [PaymentStatus; 2]| {
            payment.is_some_and(|payment| statuses.contains(&payment.status))
        };
        let has_ended = has_payment_status([
            PaymentStatus::RequiresPaymentMethod,
            PaymentStatus::Canceled,
        ]);
        let is_clearing =
            has_payment_status([PaymentStatus::Processing, PaymentStatus::RequiresCapture]);
        let has_checkout_status =
            |status| checkout.is_some_and(|checkout| checkout.status == status);
        // The page was completed with a payment that is not there yet, such as a bank debit.
        let is_deferred = has_checkout_status(CheckoutStatus::Complete)
            && checkout.is_some_and(|checkout| checkout.payment_status == CheckoutPayment::Unpaid);
        let mut snapshot = ProviderSnapshot {
            provider: Some(Provider::Stripe),
            payment: payment.map(|payment| payment.id.clone()),
            is_foreign: self.attached_order() != Some(order_id),
            received: self.received(),
            is_processing: is_clearing || (is_deferred && !has_ended),
            is_expired: has_checkout_status(CheckoutStatus::Expired),
            has_failed: is_deferred && has_ended,
            is_fully_refunded: charge.is_some_and(|charge| charge.fully_refunded),
            ..ProviderSnapshot::default()
        };
        if let Some(charge) = charge {
            self.add_returns_and_fees(&mut snapshot, charge)?;
        }
        Ok(Some(snapshot))
    }

    /// Returns the order in the metadata of the objects.
    fn attached_order(&self) -> Option<OrderId> {
        let of_checkout = self.checkout.as_ref().and_then(|c| c.order_id.as_ref());
        let of_payment = self.payment.as_ref().and_then(|p| p.order_id.as_ref());
        of_checkout.or(of_payment)?.parse().ok()
    }

    /// Returns zero, in the currency of the page, while there is no payment.
    fn received(&self) -> Option<Money> {
        if let Some(payment) = &self.payment {
            return payment.received;
        }
        let amount = self.checkout.as_ref()?.amount?;
        Some(Money::new(0, amount.currency))
    }

    /// Adds refunds, disputes and fees. Money in a currency that we do not support is not booked at
    /// all.
    fn add_returns_and_fees(&self, snapshot: &mut ProviderSnapshot, charge: &Charge) -> Result<()> {
        let Some(Money { currency, .. }) = snapshot.received else {
            return Ok(());
        };
        let minor = |money: Option<Money>| {
            money
                .filter(|money| money.currency == currency)
                .map(|money| money.minor)
        };
        let disputed = self.disputes.iter().map(|dispute| minor(dispute.taken));
        let dispute_fees = self.disputes.iter().map(|dispute| minor(dispute.fee));
        snapshot.refunded = minor(charge.refunded).ok_or_else(|| unreadable("the refunds"))?;
        snapshot.disputed = sum(disputed).ok_or_else(|| unreadable("the disputes"))?;
        snapshot.fees = sum(std::iter::once(minor(charge.fee)).chain(dispute_fees));
        Ok(())
    }
}

fn found<T>(answer: Result<T, StripeError>) -> Result<Option<T>> {
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Returns `None` if a part is unknown: a sum of the others would be silently wrong.
fn sum(mut parts: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    parts.try_fold(0_i64, |sum, part| sum.checked_add(part?))
}

fn unreadable(what: &'static str) -> Error {
    Error::unavailable("stripe_unreadable", format!("{what} cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::Timestamp;
    use serde_json::{Value, json};

    fn order_id() -> OrderId {
        OrderId::new(Timestamp::UNIX_EPOCH, &|| [1; 10])
    }

    /// The snapshot of a checkout session of ours.
    fn checkout_snapshot(
        status: &str,
        paid: &str,
        payment: Value,
        disputes: Value,
    ) -> ProviderSnapshot {
        let session = json!({ "id": "cs_1", "status": status, "payment_status": paid, "amount_total": 2_900,
            "currency": "usd", "metadata": { "order_id": order_id().to_string() }, "payment_intent": payment });
        snapshot_of(session, disputes).unwrap().unwrap()
    }

    fn snapshot_of(session: Value, disputes: Value) -> Result<Option<ProviderSnapshot>> {
        let checkout: Checkout = serde_json::from_str(&session.to_string()).unwrap();
        let disputes: Vec<Dispute> = serde_json::from_str(&disputes.to_string()).unwrap();
        let payment = checkout.payment.clone();
        PaymentObjects {
            checkout: Some(checkout),
            payment,
            disputes,
        }
        .snapshot(order_id())
    }

    fn payment(status: &str, received: i64, refunded: i64) -> Value {
        json!({ "id": "pi_1", "status": status, "amount": 2_900, "amount_received": received, "currency": "usd",
            "latest_charge": { "id": "ch_1", "status": "succeeded", "amount": 2_900, "amount_refunded": refunded,
                "currency": "usd" } })
    }

    fn usd(minor: i64) -> Option<Money> {
        Some(Money::new(minor, confab_core::Currency::Usd))
    }

    #[test]
    fn open_checkout_has_received_nothing_and_is_not_expired() {
        let snapshot = checkout_snapshot("open", "unpaid", Value::Null, json!([]));
        let provider = Some(Provider::Stripe);
        assert_eq!(
            snapshot,
            ProviderSnapshot {
                provider,
                received: usd(0),
                ..ProviderSnapshot::default()
            }
        );
        assert!(checkout_snapshot("expired", "unpaid", Value::Null, json!([])).is_expired);
    }

    #[test]
    fn totals_are_read_from_the_charge_and_its_disputes() {
        let dispute = |id: &str, status: &str| json!({ "id": id, "status": status, "amount": 700, "currency": "usd" });
        let disputes = json!([
            dispute("dp_1", "needs_response"),
            dispute("dp_2", "lost"),
            dispute("dp_3", "won"),
            dispute("dp_4", "warning_needs_response"),
            dispute("dp_5", "status_of_a_later_version"),
        ]);
        let snapshot = checkout_snapshot(
            "complete",
            "paid",
            payment("succeeded", 2_900, 400),
            disputes,
        );
        assert_eq!(
            (snapshot.received, snapshot.refunded, snapshot.disputed),
            (usd(2_900), 400, 2_100)
        );
        assert_eq!(
            (snapshot.payment.as_deref(), snapshot.is_foreign),
            (Some("pi_1"), false)
        );
        assert!(!snapshot.is_processing && !snapshot.is_expired && !snapshot.has_failed);
    }

    #[test]
    fn bank_debit_is_processing_until_it_fails() {
        let processing =
            checkout_snapshot("complete", "unpaid", payment("processing", 0, 0), json!([]));
        assert!(processing.is_processing && !processing.has_failed);
        let failed = checkout_snapshot(
            "complete",
            "unpaid",
            payment("requires_payment_method", 0, 0),
            json!([]),
        );
        assert!(failed.has_failed && !failed.is_processing);
        let declined = checkout_snapshot(
            "open",
            "unpaid",
            payment("requires_payment_method", 0, 0),
            json!([]),
        );
        assert!(
            !declined.has_failed && !declined.is_processing,
            "another card may succeed"
        );
    }

    #[test]
    fn payment_of_another_order_is_foreign_and_an_unsupported_currency_is_none() {
        for order_id in [
            json!(null),
            json!("ord_x"),
            json!(OrderId::new(Timestamp::MAX, &|| [2; 10]).to_string()),
        ] {
            let session = json!({ "id": "cs_1", "status": "open", "payment_status": "unpaid", "amount_total": 1,
                "currency": "usd", "client_reference_id": order_id });
            assert!(
                snapshot_of(session, json!([])).unwrap().unwrap().is_foreign,
                "{order_id}"
            );
        }
        let yen = json!({ "id": "pi_1", "status": "succeeded", "amount_received": 2_900, "currency": "jpy" });
        assert_eq!(
            checkout_snapshot("complete", "paid", yen, json!([])).received,
            None
        );
        assert_eq!(
            PaymentObjects::default().snapshot(order_id()).unwrap(),
            None
        );
    }

    #[test]
    fn unreadable_money_is_an_error() {
        let broken = |change: &dyn Fn(&mut Value), disputes: Value| {
            let mut session = json!({ "id": "cs_1", "status": "complete", "payment_status": "paid",
                "metadata": { "order_id": order_id().to_string() }, "payment_intent": payment("succeeded", 2_900, 400) });
            change(&mut session["payment_intent"]);
            snapshot_of(session, disputes)
                .map(drop)
                .map_err(|error| error.code().to_owned())
        };
        let dispute = |currency: &str| json!([{ "id": "dp_1", "status": "lost", "amount": 700, "currency": currency }]);
        assert_eq!(broken(&|_| {}, json!([])), Ok(()));
        let unreadable = Err("stripe_unreadable".to_owned());
        assert_eq!(
            broken(
                &|payment| payment["latest_charge"] = json!("ch_1"),
                json!([])
            ),
            unreadable
        );
        assert_eq!(
            broken(
                &|payment| payment["latest_charge"]["amount_refunded"] = json!("x"),
                json!([])
            ),
            unreadable
        );
        assert_eq!(
            broken(
                &|payment| payment["latest_charge"]["currency"] = json!("eur"),
                json!([])
            ),
            unreadable
        );
        for currency in ["jpy", "eur"] {
            assert_eq!(broken(&|_| {}, dispute(currency)), unreadable, "{currency}");
        }
    }

    #[test]
    fn fees_are_known_only_when_every_part_is() {
        let fee = |fee: i64| json!({ "amount": 1, "fee": fee, "currency": "usd" });
        let paid = |charged: Value, disputes: Value| {
            let mut payment = payment("succeeded", 2_900, 0);
            payment["latest_charge"]["balance_transaction"] = charged;
            checkout_snapshot("complete", "paid", payment, disputes).fees
        };
        let dispute = json!([{ "id": "dp_1", "status": "won", "amount": 700, "currency": "usd",
            "balance_transactions": [fee(1_500), fee(0)] }]);
        assert_eq!(paid(fee(114), json!([])), Some(114));
        assert_eq!(paid(fee(114), dispute.clone()), Some(1_614));
        assert_eq!(paid(json!("txn_1"), dispute), None);
    }
}
