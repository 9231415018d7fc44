//! Where an order stands at Stripe: its objects, read anew, as the one picture that the rules compare with.

use confab_aws::Keyring;
use confab_core::{Error, Money, OrderId, Result};
use confab_stripe::{
    Checkout, CheckoutPayment, CheckoutStatus, Dispute, Payment, PaymentStatus, Stripe,
    StripeConfig, StripeError,
};
use payments_domain::{Notice, Order, Provider, Standing};

use crate::config::STRIPE_KEY;

pub(crate) struct AtStripe {
    pub(crate) http: reqwest::Client,
    /// Without its key, which is read anew when it is five minutes old.
    pub(crate) config: StripeConfig,
    pub(crate) keys: Keyring,
}

impl std::fmt::Debug for AtStripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.config.fmt(f)
    }
}

impl AtStripe {
    pub(crate) async fn client(&self) -> Result<Stripe> {
        let secret_key = self.keys.current(STRIPE_KEY).await?;
        Ok(Stripe::new(
            self.http.clone(),
            StripeConfig {
                secret_key,
                ..self.config.clone()
            },
        ))
    }

    /// What we know of the order ourselves counts, whatever the notice says: its page leads to its payment. A notice of
    /// another payment with money in it is looked at, too. None when Stripe knows nothing of it at all.
    pub(crate) async fn standing(
        &self,
        order: &Order,
        notice: &Notice,
    ) -> Result<Option<Standing>> {
        let (told_checkout, told_payment) = match notice {
            Notice::Stripe {
                checkout, payment, ..
            } => (checkout.as_deref(), payment.as_deref()),
            _ => (None, None),
        };
        let stripe = self.client().await?;
        let own_payment = order
            .payment
            .as_deref()
            .filter(|_| order.provider == Provider::Stripe);
        let (checkout, payment) = match (order.checkout.as_deref(), own_payment) {
            (None, None) => (told_checkout, told_payment),
            known => known,
        };
        let own = see(&stripe, checkout, payment).await?;
        let own_ids = (
            own.checkout.as_ref().map(|c| c.id.as_str()),
            own.payment.as_ref().map(|p| p.id.as_str()),
        );
        let is_own = (told_checkout.is_none() || told_checkout == own_ids.0)
            && (told_payment.is_none() || told_payment == own_ids.1);
        if !is_own
            && let Some(other) = see(&stripe, told_checkout, told_payment)
                .await?
                .picture(order.id)?
        {
            let has_money =
                other.is_underway || other.received.is_none_or(|money| money.minor != 0);
            if has_money {
                return Ok(Some(Standing {
                    is_foreign: true,
                    ..other
                }));
            }
        }
        own.picture(order.id)
    }

    /// The order that a payment was made for, by what we attached to it.
    pub(crate) async fn order_of(&self, payment: &str) -> Result<Option<OrderId>> {
        let payment = self.client().await?.payment_intent(payment).await?;
        Ok(payment.order_id.and_then(|id| id.parse().ok()))
    }
}

/// Stripe's objects of one payment.
#[derive(Default)]
struct Seen {
    checkout: Option<Checkout>,
    payment: Option<Payment>,
    disputes: Vec<Dispute>,
}

async fn see(stripe: &Stripe, checkout: Option<&str>, payment: Option<&str>) -> Result<Seen> {
    let checkout = match checkout {
        Some(id) => known(stripe.checkout(id).await)?,
        None => None,
    };
    let named = match &checkout {
        Some(checkout) => checkout.payment_intent.as_deref(),
        None => payment,
    };
    let payment = match (
        checkout
            .as_ref()
            .and_then(|checkout| checkout.payment.clone()),
        named,
    ) {
        (Some(payment), _) => Some(payment),
        (None, Some(id)) => known(stripe.payment_intent(id).await)?,
        (None, None) => None,
    };
    let is_disputed = payment
        .as_ref()
        .and_then(|payment| payment.charge.as_ref())
        .is_some_and(|c| c.disputed);
    let disputes = match &payment {
        Some(payment) if is_disputed => stripe.disputes(&payment.id).await?,
        _ => Vec::new(),
    };
    Ok(Seen {
        checkout,
        payment,
        disputes,
    })
}

fn known<T>(answer: Result<T, StripeError>) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Seen {
    fn picture(&self, order_id: OrderId) -> Result<Option<Standing>> {
        let (checkout, payment) = (self.checkout.as_ref(), self.payment.as_ref());
        if checkout.is_none() && payment.is_none() {
            return Ok(None);
        }
        let attached = checkout
            .and_then(|c| c.order_id.as_ref())
            .or(payment.and_then(|p| p.order_id.as_ref()));
        let nothing_yet = || {
            checkout
                .and_then(|c| c.amount)
                .map(|amount| Money::new(0, amount.currency))
        };
        let received = payment.map_or_else(nothing_yet, |payment| payment.received);
        let charge = payment.and_then(|payment| payment.charge.as_ref());
        if charge.is_none() && payment.is_some_and(|payment| payment.latest_charge.is_some()) {
            return Err(unreadable("the charge"));
        }
        let is_over = payment.is_some_and(|payment| {
            matches!(
                payment.status,
                PaymentStatus::RequiresPaymentMethod | PaymentStatus::Canceled
            )
        });
        let is_complete = checkout.is_some_and(|c| c.status == CheckoutStatus::Complete);
        let is_unpaid = checkout.is_some_and(|c| c.payment_status == CheckoutPayment::Unpaid);
        let is_moving = payment.is_some_and(|payment| {
            matches!(
                payment.status,
                PaymentStatus::Processing | PaymentStatus::RequiresCapture
            )
        });
        let mut standing = Standing {
            provider: Some(Provider::Stripe),
            payment: payment.map(|payment| payment.id.clone()),
            is_foreign: attached.and_then(|id| id.parse().ok()) != Some(order_id),
            received,
            is_underway: is_moving || (is_complete && is_unpaid && !is_over),
            is_closed: checkout.is_some_and(|c| c.status == CheckoutStatus::Expired),
            has_failed: is_complete && is_unpaid && is_over,
            is_returned: charge.is_some_and(|charge| charge.fully_refunded),
            ..Standing::default()
        };
        // Without a currency of ours nothing of it is booked.
        if let (Some(Money { currency, .. }), Some(charge)) = (received, charge) {
            let alike = |money: Option<Money>| {
                money
                    .filter(|money| money.currency == currency)
                    .map(|money| money.minor)
            };
            standing.refunded =
                alike(charge.refunded).ok_or_else(|| unreadable("what was refunded"))?;
            let taken = self.disputes.iter().map(|dispute| alike(dispute.taken));
            standing.disputed = sum(taken).ok_or_else(|| unreadable("what a bank took"))?;
            let fees = self.disputes.iter().map(|dispute| alike(dispute.fee));
            standing.fees = sum(std::iter::once(alike(charge.fee)).chain(fees));
        }
        Ok(Some(standing))
    }
}

/// A sum over some of them would be wrong, and nobody would know.
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

    fn ours() -> OrderId {
        OrderId::new(Timestamp::UNIX_EPOCH, &|| [1; 10])
    }

    /// A session of ours as Stripe shows it, with changes.
    fn seen(status: &str, paid: &str, payment: Value, disputes: Value) -> Standing {
        let session = json!({ "id": "cs_1", "status": status, "payment_status": paid, "amount_total": 2_900,
            "currency": "usd", "metadata": { "order_id": ours().to_string() }, "payment_intent": payment });
        pictured(session, disputes).unwrap().unwrap()
    }

    fn pictured(session: Value, disputes: Value) -> Result<Option<Standing>> {
        let checkout: Checkout = serde_json::from_str(&session.to_string()).unwrap();
        let disputes: Vec<Dispute> = serde_json::from_str(&disputes.to_string()).unwrap();
        let payment = checkout.payment.clone();
        Seen {
            checkout: Some(checkout),
            payment,
            disputes,
        }
        .picture(ours())
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
    fn an_open_page_holds_nothing_and_may_still_be_paid() {
        let standing = seen("open", "unpaid", Value::Null, json!([]));
        let provider = Some(Provider::Stripe);
        assert_eq!(
            standing,
            Standing {
                provider,
                received: usd(0),
                ..Standing::default()
            }
        );
        assert!(seen("expired", "unpaid", Value::Null, json!([])).is_closed);
    }

    #[test]
    fn what_was_paid_and_went_back_is_read_from_the_charge_and_its_disputes() {
        let dispute = |id: &str, status: &str| json!({ "id": id, "status": status, "amount": 700, "currency": "usd" });
        let disputes = json!([
            dispute("dp_1", "needs_response"),
            dispute("dp_2", "lost"),
            dispute("dp_3", "won"),
            dispute("dp_4", "warning_needs_response"),
            dispute("dp_5", "a_word_of_tomorrow"),
        ]);
        let standing = seen(
            "complete",
            "paid",
            payment("succeeded", 2_900, 400),
            disputes,
        );
        assert_eq!(
            (standing.received, standing.refunded, standing.disputed),
            (usd(2_900), 400, 2_100)
        );
        assert_eq!(
            (standing.payment.as_deref(), standing.is_foreign),
            (Some("pi_1"), false)
        );
        assert!(!standing.is_underway && !standing.is_closed && !standing.has_failed);
    }

    #[test]
    fn a_slow_bank_is_under_way_until_it_says_no() {
        let slow = seen("complete", "unpaid", payment("processing", 0, 0), json!([]));
        assert!(slow.is_underway && !slow.has_failed);
        let no = seen(
            "complete",
            "unpaid",
            payment("requires_payment_method", 0, 0),
            json!([]),
        );
        assert!(no.has_failed && !no.is_underway);
        let declined = seen(
            "open",
            "unpaid",
            payment("requires_payment_method", 0, 0),
            json!([]),
        );
        assert!(
            !declined.has_failed && !declined.is_underway,
            "another card may be good"
        );
    }

    #[test]
    fn what_is_not_ours_or_in_another_currency_is_seen_as_such() {
        for order_id in [
            json!(null),
            json!("ord_x"),
            json!(OrderId::new(Timestamp::MAX, &|| [2; 10]).to_string()),
        ] {
            let session = json!({ "id": "cs_1", "status": "open", "payment_status": "unpaid", "amount_total": 1,
                "currency": "usd", "client_reference_id": order_id });
            assert!(
                pictured(session, json!([])).unwrap().unwrap().is_foreign,
                "{order_id}"
            );
        }
        let yen = json!({ "id": "pi_1", "status": "succeeded", "amount_received": 2_900, "currency": "jpy" });
        assert_eq!(seen("complete", "paid", yen, json!([])).received, None);
        assert_eq!(Seen::default().picture(ours()).unwrap(), None);
    }

    #[test]
    fn money_that_cannot_be_read_is_not_none() {
        let broken = |change: &dyn Fn(&mut Value), disputes: Value| {
            let mut session = json!({ "id": "cs_1", "status": "complete", "payment_status": "paid",
                "metadata": { "order_id": ours().to_string() }, "payment_intent": payment("succeeded", 2_900, 400) });
            change(&mut session["payment_intent"]);
            pictured(session, disputes)
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
    fn what_stripe_keeps_is_known_when_all_of_it_is() {
        let fee = |fee: i64| json!({ "amount": 1, "fee": fee, "currency": "usd" });
        let paid = |charged: Value, disputes: Value| {
            let mut payment = payment("succeeded", 2_900, 0);
            payment["latest_charge"]["balance_transaction"] = charged;
            seen("complete", "paid", payment, disputes).fees
        };
        let dispute = json!([{ "id": "dp_1", "status": "won", "amount": 700, "currency": "usd",
            "balance_transactions": [fee(1_500), fee(0)] }]);
        assert_eq!(paid(fee(114), json!([])), Some(114));
        assert_eq!(paid(fee(114), dispute.clone()), Some(1_614));
        assert_eq!(paid(json!("txn_1"), dispute), None);
    }
}
