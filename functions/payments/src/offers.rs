//! An offer that a product sealed becomes an order, and a page to pay it on. Whoever comes with the same offer, by
//! whatever route and however often, comes to the same order and page.

use std::time::Duration;

use confab_kernel::{Clock, CorrelationId, Error, Kind, Private, Result, payments::Offer};
use confab_providers::stripe::{Checkout as Page, NewCheckout, StripeError};
use payments_domain::{Order, State};

use crate::{Checkout, once::once, secret::SEAL};

/// Stripe takes at most a day from its own now, and forgets the key of a request after one.
const OPEN_FOR: Duration = Duration::from_secs(23 * 3600);
/// Stripe takes at least half an hour.
const LATEST_START: Duration = Duration::from_secs(22 * 3600);

/// The order, and where it is paid while there is something to pay.
pub(crate) struct Taken {
    pub(crate) order: Order,
    pub(crate) page: Option<Private<String>>,
}

pub(crate) async fn take(deps: &Checkout, sealed: &str, correlation_id: CorrelationId) -> Result<Taken> {
    let now = deps.clock.now();
    let offer: Offer = deps.keys.unseal(SEAL, sealed, now).await?;
    let unpriced = || Error::new(Kind::Unprocessable, "not_for_sale", "This is not for sale.");
    let item = deps.prices.find(&offer.purchase.item).ok_or_else(unpriced)?;
    let order = Order::new(offer.order_id, offer.purchase.clone(), item.price, item.credits, now, correlation_id);
    let row = deps.store.create(&order, offer.phone.as_ref()).await?;
    if row.order.purchase != offer.purchase {
        return Err(Error::conflict("another_order", "This order is for something else."));
    }
    // A payment that is on its way has its place in the order, and its page is done with.
    if row.order.state.is_settled() || row.order.payment.is_some() {
        return Ok(Taken { order: row.order, page: None });
    }
    let began = row.order.created_at;
    if now >= began.checked_add(LATEST_START).unwrap_or(began) {
        return Err(Error::conflict("offer_over", "It is too late to pay this order. Ask for a new one."));
    }
    let closed = || Error::conflict("offer_over", "This order cannot be paid any more. Ask for a new one.");
    // What the product would have to give back at once is not sold.
    if row.order.refund.is_some() {
        return Err(closed());
    }
    let page = open(deps, &offer, &row.order).await?;
    let order = Order { checkout: Some(page.id), state: State::Pending, ..row.order.clone() };
    if order != row.order {
        deps.store.opened(&row, &order).await?;
    }
    Ok(Taken { order, page: Some(page.url.ok_or_else(closed)?) })
}

/// The same order asks for the same page, with the same key: Stripe makes one, however often it is asked.
async fn open(deps: &Checkout, offer: &Offer, order: &Order) -> Result<Page> {
    let new = NewCheckout {
        order_id: order.id.to_string(),
        correlation_id: order.correlation_id,
        title: offer.title.clone(),
        amount: order.price,
        success_url: offer.return_url.clone(),
        cancel_url: offer.return_url.clone(),
        expires_at: order.created_at.checked_add(OPEN_FOR).ok(),
        metadata: Vec::new(),
    };
    let stripe = deps.stripe.client().await?;
    let (stripe, new) = (&stripe, &new);
    let page = once(&new.order_id, |key| async move { stripe.create_checkout(new, &key).await }).await;
    page.map_err(refused)
}

/// The same order with another offer's words is another request to Stripe, which it refuses.
fn refused(error: StripeError) -> Error {
    match &error {
        StripeError::Refused { code, .. } if code == "idempotency_error" => {
            Error::conflict("another_offer", "This order was offered in other words before.").because(error)
        }
        _ => error.into(),
    }
}
