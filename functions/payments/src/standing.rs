//! Where an order stands at Stripe: its objects, read anew, as the one picture that the rules compare with.

use confab_kernel::{Error, Money, OrderId, Result};
use confab_providers::stripe::{
    Checkout, CheckoutPayment, CheckoutStatus, Dispute, DisputeStatus, Payment, PaymentStatus, Stripe, StripeConfig,
    StripeError,
};
use payments_domain::{Order, Standing};
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

    pub(crate) async fn standing_of(&self, order: &Order) -> Result<Option<Standing>> {
        self.standing(order.id, order.checkout.as_deref(), order.payment.as_deref()).await
    }

    /// The checkout leads to its payment; without one the payment is asked for. None when Stripe knows neither.
    pub(crate) async fn standing(
        &self,
        order_id: OrderId,
        checkout: Option<&str>,
        payment: Option<&str>,
    ) -> Result<Option<Standing>> {
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
        Ok(picture(order_id, checkout.as_ref(), payment.as_ref(), &disputes))
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
