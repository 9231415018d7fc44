//! Where an order stands at Stripe: its objects, read anew, as the one picture that the rules compare with.

use confab_kernel::{Error, Money, OrderId, Result};
use confab_providers::stripe::{
    Checkout, CheckoutPayment, CheckoutStatus, Dispute, DisputeStatus, Payment, PaymentStatus, Stripe, StripeConfig,
    StripeError,
};
use payments_domain::{Notice, Order, Standing};
use secrecy::SecretString;

use crate::secret::{Keyring, Use};

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
        let missing = || Error::unavailable("stripe_not_configured", "there is no secret key");
        let secret_key: SecretString = self.keys.live(Use::STRIPE_KEY).await?.into_iter().next().ok_or_else(missing)?;
        Ok(Stripe::new(self.http.clone(), StripeConfig { secret_key, ..self.config.clone() }))
    }

    /// What we know of the order ourselves counts, whatever the notice says. The checkout leads to its payment; without
    /// one the payment is asked for. None when Stripe knows neither.
    pub(crate) async fn standing(&self, order: &Order, notice: &Notice) -> Result<Option<Standing>> {
        let (told_checkout, told_payment) = match notice {
            Notice::Stripe { checkout, payment, .. } => (checkout.as_deref(), payment.as_deref()),
            _ => (None, None),
        };
        let checkout = order.checkout.as_deref().or(told_checkout);
        let payment = order.payment.as_deref().or(told_payment);
        let stripe = self.client().await?;
        let checkout = match checkout {
            Some(id) => known(stripe.checkout(id).await)?,
            None => None,
        };
        let named = match &checkout {
            Some(checkout) => checkout.payment_intent.as_deref(),
            None => payment,
        };
        let payment = match (checkout.as_ref().and_then(|checkout| checkout.payment.clone()), named) {
            (Some(payment), _) => Some(payment),
            (None, Some(id)) => known(stripe.payment_intent(id).await)?,
            (None, None) => None,
        };
        let is_disputed = payment.as_ref().and_then(|payment| payment.charge.as_ref()).is_some_and(|c| c.disputed);
        let disputes = match &payment {
            Some(payment) if is_disputed => stripe.disputes(&payment.id).await.map_err(asked)?,
            _ => Vec::new(),
        };
        Ok(picture(order.id, checkout.as_ref(), payment.as_ref(), &disputes))
    }
}

fn known<T>(answer: Result<T, StripeError>) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(asked(error)),
    }
}

/// Stripe did not say what we asked for.
pub(crate) fn asked(error: StripeError) -> Error {
    match error.may_try_again() {
        true => Error::unavailable("stripe_busy", error),
        false => Error::internal("stripe_refused", error),
    }
}

fn picture(
    order_id: OrderId,
    checkout: Option<&Checkout>,
    payment: Option<&Payment>,
    disputes: &[Dispute],
) -> Option<Standing> {
    if checkout.is_none() && payment.is_none() {
        return None;
    }
    let attached = checkout.and_then(|c| c.order_id.as_ref()).or(payment.and_then(|p| p.order_id.as_ref()));
    let nothing_yet = || checkout.and_then(|c| c.amount).map(|amount| Money::new(0, amount.currency));
    let charge = payment.and_then(|payment| payment.charge.as_ref());
    let is_over = payment.is_some_and(|payment| {
        matches!(payment.status, PaymentStatus::RequiresPaymentMethod | PaymentStatus::Canceled)
    });
    let is_complete = checkout.is_some_and(|c| c.status == CheckoutStatus::Complete);
    let is_unpaid = checkout.is_some_and(|c| c.payment_status == CheckoutPayment::Unpaid);
    let is_moving = payment
        .is_some_and(|payment| matches!(payment.status, PaymentStatus::Processing | PaymentStatus::RequiresCapture));
    Some(Standing {
        payment: payment.map(|payment| payment.id.clone()),
        is_foreign: attached.and_then(|id| id.parse().ok()) != Some(order_id),
        received: payment.map_or_else(nothing_yet, |payment| payment.received),
        refunded: charge.and_then(|charge| charge.refunded).map_or(0, |money| money.minor),
        disputed: disputes.iter().filter(|dispute| is_taken(dispute)).filter_map(|d| d.amount).map(|m| m.minor).sum(),
        fees: 0,
        is_underway: is_moving || (is_complete && is_unpaid && !is_over),
        is_closed: checkout.is_some_and(|c| c.status == CheckoutStatus::Expired),
        has_failed: is_complete && is_unpaid && is_over,
    })
}

/// The bank has the money. An inquiry has not taken any yet; a dispute that was won has given it back.
fn is_taken(dispute: &Dispute) -> bool {
    use DisputeStatus::{Prevented, WarningClosed, WarningNeedsResponse, WarningUnderReview, Won};
    !matches!(dispute.status, Won | Prevented | WarningClosed | WarningNeedsResponse | WarningUnderReview)
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_kernel::Timestamp;
    use serde_json::{Value, json};

    fn ours() -> OrderId {
        OrderId::new(Timestamp::UNIX_EPOCH, &|| [1; 10])
    }

    /// A session of ours as Stripe shows it, with changes.
    fn seen(status: &str, paid: &str, payment: Value, disputes: Value) -> Standing {
        let session = json!({ "id": "cs_1", "status": status, "payment_status": paid, "amount_total": 2_900,
            "currency": "usd", "metadata": { "order_id": ours().to_string() }, "payment_intent": payment });
        pictured(session, disputes)
    }

    fn pictured(session: Value, disputes: Value) -> Standing {
        let checkout: Checkout = serde_json::from_str(&session.to_string()).unwrap();
        let disputes: Vec<Dispute> = serde_json::from_str(&disputes.to_string()).unwrap();
        picture(ours(), Some(&checkout), checkout.payment.as_ref(), &disputes).unwrap()
    }

    fn payment(status: &str, received: i64, refunded: i64) -> Value {
        json!({ "id": "pi_1", "status": status, "amount": 2_900, "amount_received": received, "currency": "usd",
            "latest_charge": { "id": "ch_1", "status": "succeeded", "amount": 2_900, "amount_refunded": refunded,
                "currency": "usd" } })
    }

    fn usd(minor: i64) -> Option<Money> {
        Some(Money::new(minor, confab_kernel::Currency::Usd))
    }

    #[test]
    fn an_open_page_holds_nothing_and_may_still_be_paid() {
        let standing = seen("open", "unpaid", Value::Null, json!([]));
        assert_eq!(standing, Standing { received: usd(0), ..Standing::default() });
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
        let standing = seen("complete", "paid", payment("succeeded", 2_900, 400), disputes);
        assert_eq!((standing.received, standing.refunded, standing.disputed), (usd(2_900), 400, 2_100));
        assert_eq!((standing.payment.as_deref(), standing.is_foreign), (Some("pi_1"), false));
        assert!(!standing.is_underway && !standing.is_closed && !standing.has_failed);
    }

    #[test]
    fn a_slow_bank_is_under_way_until_it_says_no() {
        let slow = seen("complete", "unpaid", payment("processing", 0, 0), json!([]));
        assert!(slow.is_underway && !slow.has_failed);
        let no = seen("complete", "unpaid", payment("requires_payment_method", 0, 0), json!([]));
        assert!(no.has_failed && !no.is_underway);
        let declined = seen("open", "unpaid", payment("requires_payment_method", 0, 0), json!([]));
        assert!(!declined.has_failed && !declined.is_underway, "another card may be good");
    }

    #[test]
    fn what_is_not_ours_or_in_another_currency_is_seen_as_such() {
        for order_id in [json!(null), json!("ord_x"), json!(OrderId::new(Timestamp::MAX, &|| [2; 10]).to_string())] {
            let session = json!({ "id": "cs_1", "status": "open", "payment_status": "unpaid", "amount_total": 1,
                "currency": "usd", "client_reference_id": order_id });
            assert!(pictured(session, json!([])).is_foreign, "{order_id}");
        }
        let yen = json!({ "id": "pi_1", "status": "succeeded", "amount_received": 2_900, "currency": "jpy" });
        assert_eq!(seen("complete", "paid", yen, json!([])).received, None);
        assert_eq!(picture(ours(), None, None, &[]), None);
    }
}
