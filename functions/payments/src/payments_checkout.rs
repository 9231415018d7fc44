//! `POST /api/payments/checkout/`: an offer that a product sealed becomes an order, and a page to pay it on.

use std::{sync::Arc, time::Duration};

use confab_kernel::{Clock, Error, Kind, Result, payments::Offer};
use confab_lambda::{Call, Reply, reply};
use confab_providers::stripe::{Again, Checkout as Page, NewCheckout, StripeError};
use http::StatusCode;
use payments_domain::{Order, State};
use serde::Deserialize;

use crate::{Checkout, payments_orders::OrderView};

/// Stripe takes at most a day from its own now, and forgets the key of a request after one.
const OPEN_FOR: Duration = Duration::from_secs(23 * 3600);
/// Stripe takes at least half an hour.
const LATEST_START: Duration = Duration::from_secs(22 * 3600);
/// What follows the order's id in the key when Stripe has failed for good under the one before.
const OTHER_KEYS: [&str; 3] = [":2", ":3", ":4"];
/// How long another copy of the request is waited for.
const WAITS_MS: [u64; 4] = [100, 300, 800, 1_500];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    offer: String,
}

pub async fn handle(deps: Arc<Checkout>, call: Call) -> Result<Reply> {
    let In { offer } = call.json()?;
    let now = deps.clock.now();
    let offer: Offer = deps.keys.unseal(&offer, now).await?;
    let unpriced = || Error::new(Kind::Unprocessable, "not_for_sale", "This is not for sale.");
    let item = deps.prices.find(&offer.purchase.item).ok_or_else(unpriced)?;
    let id = offer.order_id;
    let order = Order::new(id, offer.purchase.clone(), item.price, item.credits, now, call.correlation_id);
    let row = deps.store.create(&order, offer.phone.as_ref()).await?;
    if row.order.purchase != offer.purchase {
        return Err(Error::conflict("another_order", "This order is for something else."));
    }
    if row.order.state.is_settled() {
        return reply::json(StatusCode::OK, &OrderView::of(&row.order, None));
    }
    let began = row.order.created_at;
    if now >= began.checked_add(LATEST_START).unwrap_or(began) {
        return Err(Error::conflict("offer_over", "It is too late to pay this order. Ask for a new one."));
    }
    let page = open(&deps, &offer, &row.order).await?;
    let order = Order { checkout: Some(page.id), state: State::Pending, ..row.order.clone() };
    if order != row.order {
        deps.store.opened(&row, &order).await?;
    }
    let closed = || Error::conflict("offer_over", "This order cannot be paid any more. Ask for a new one.");
    let url = page.url.ok_or_else(closed)?;
    reply::json(StatusCode::OK, &OrderView::of(&order, Some(url.0)))
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
    // A page that was made under a key that failed has an address that nobody was told.
    let mut key = order.id.to_string();
    let mut others = OTHER_KEYS.iter().map(|suffix| format!("{}{suffix}", order.id));
    let mut waits = WAITS_MS.into_iter().map(Duration::from_millis);
    loop {
        let error = match stripe.create_checkout(&new, &key).await {
            Ok(page) => return Ok(page),
            Err(error) => error,
        };
        let StripeError::Busy { again, .. } = &error else { return Err(refused(error)) };
        match again {
            Again::WhenTheOtherEnds if let Some(wait) = waits.next() => tokio::time::sleep(wait).await,
            Again::UnderAnotherKey if let Some(next) = others.next() => key = next,
            _ => return Err(refused(error)),
        }
    }
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
