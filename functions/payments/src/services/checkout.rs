//! Turns a product's sealed offer into an order with a checkout page. The same offer always leads
//! to the same order and page, by any route.

use confab_contracts::payments::{LINK_TTL, Offer, OfferStored, PriceList};
use confab_core::{CorrelationId, Error, Kind, OrderId, Private, Result, Timestamp, after};
use confab_stripe::{Checkout as CheckoutPage, NewCheckout, StripeError};
use payments_domain::{CHECKOUT_TTL, Order, OrderState};
use reqwest::Url;

use crate::{
    config::SEAL_SECRET,
    services::stripe_retry::with_idempotency_key,
    state::State,
    store::{StoredOffer, payer_hash},
};

/// Query parameter of an offer's `return_url` after the payer left without paying.
pub(crate) const CANCELLED: &str = "cancelled";

/// An order, and the address of its checkout page while it needs payment.
pub(crate) struct StartedCheckout {
    pub(crate) order: Order,
    pub(crate) url: Option<Private<String>>,
}

/// Stores an offer for a short link. Storing it again may extend its lifetime.
pub(crate) async fn store_offer(state: &State, sealed: &str) -> Result<OfferStored> {
    let (now, store) = (state.clock.now(), state.store()?);
    let offer = unseal(state, sealed).await?;
    if state.prices()?.find(&offer.offer.purchase.item).is_none() {
        return Err(not_for_sale());
    }
    let (order_id, latest) = (offer.offer.order_id, after(now, LINK_TTL));
    let expires_at = offer
        .offer
        .expires_at
        .map_or(latest, |requested| requested.min(latest));
    if let Some(stored) = store.offer(order_id).await?
        && stored.offer.purchase != offer.offer.purchase
    {
        return Err(another_order());
    }
    let offer = StoredOffer {
        expires_at: expires_at.as_second(),
        ..offer
    };
    store.put_offer(&offer).await?;
    Ok(OfferStored {
        order_id,
        expires_at,
    })
}

pub(crate) async fn start_from_sealed_offer(
    state: &State,
    sealed: &str,
    correlation_id: CorrelationId,
) -> Result<StartedCheckout> {
    let offer = unseal(state, sealed).await?;
    start(state, &offer, correlation_id).await
}

/// Starts the checkout of a short link. An expired link still shows an order that was paid.
pub(crate) async fn start_from_stored_offer(
    state: &State,
    id: OrderId,
    correlation_id: CorrelationId,
) -> Result<StartedCheckout> {
    let (now, store) = (state.clock.now(), state.store()?);
    let stored = store.offer(id).await?;
    if let Some(offer) = &stored
        && now.as_second() < offer.expires_at
    {
        return start(state, offer, correlation_id).await;
    }
    match store.order(id).await? {
        Some(row) if !row.order.needs_payment() => Ok(StartedCheckout {
            order: row.order,
            url: None,
        }),
        Some(_) => Err(offer_over()),
        None if stored.is_some() || now >= after(id.made_at(), LINK_TTL) => Err(offer_over()),
        None => Err(Error::not_found("offer")),
    }
}

async fn unseal(state: &State, sealed: &str) -> Result<StoredOffer> {
    let now = state.clock.now();
    let mut offer: Offer = state.secrets()?.unseal(SEAL_SECRET, sealed, now).await?;
    let payer = offer.phone.take().map(|phone| payer_hash(&phone));
    Ok(StoredOffer {
        offer,
        payer,
        expires_at: 0,
    })
}

async fn start(
    state: &State,
    stored: &StoredOffer,
    correlation_id: CorrelationId,
) -> Result<StartedCheckout> {
    let (now, store, offer) = (state.clock.now(), state.store()?, &stored.offer);
    let order = priced_order(state.prices()?, offer, now, correlation_id)?;
    let row = store.create_order(&order, stored.payer.as_deref()).await?;
    if row.order.purchase != offer.purchase {
        return Err(another_order());
    }
    if !row.order.needs_payment() {
        return Ok(StartedCheckout {
            order: row.order,
            url: None,
        });
    }
    if !row.order.may_open_checkout(now) {
        return Err(offer_over());
    }
    let page = open_page(state, offer, &row.order).await?;
    let order = Order {
        checkout: Some(page.id),
        state: OrderState::Pending,
        ..row.order.clone()
    };
    if order != row.order {
        store.save_checkout(&row, &order).await?;
    }
    let url = page.url.ok_or_else(offer_over)?;
    Ok(StartedCheckout {
        order,
        url: Some(url),
    })
}

/// Prices a new order by the price list, never by the offer.
fn priced_order(
    prices: &PriceList,
    offer: &Offer,
    now: Timestamp,
    correlation_id: CorrelationId,
) -> Result<Order> {
    let item = prices.find(&offer.purchase.item).ok_or_else(not_for_sale)?;
    Ok(Order::new(
        offer.order_id,
        offer.purchase.clone(),
        item.price,
        item.credits,
        now,
        correlation_id,
    ))
}

/// Opens the checkout page at Stripe. The idempotency key is the order's id, so that each request
/// gets the same page.
async fn open_page(state: &State, offer: &Offer, order: &Order) -> Result<CheckoutPage> {
    let new = NewCheckout {
        order_id: order.id.to_string(),
        correlation_id: order.correlation_id,
        title: offer.title.clone(),
        amount: order.price,
        success_url: offer.return_url.clone(),
        cancel_url: cancel_url(&offer.return_url),
        expires_at: Some(after(order.created_at, CHECKOUT_TTL)),
        metadata: Vec::new(),
    };
    let stripe = state.stripe()?.client().await?;
    let (stripe, new) = (&stripe, &new);
    let page = with_idempotency_key(&new.order_id, |key| async move {
        stripe.create_checkout(new, &key).await
    })
    .await;
    page.map_err(checkout_error)
}

fn cancel_url(return_url: &str) -> String {
    let Ok(mut url) = Url::parse(return_url) else {
        return return_url.to_owned();
    };
    url.query_pairs_mut().append_pair(CANCELLED, "1");
    url.into()
}

/// Converts an error of Stripe. It refuses an idempotency key whose earlier request had another
/// title or address.
fn checkout_error(error: StripeError) -> Error {
    match &error {
        StripeError::Refused { code, .. } if code == "idempotency_error" => Error::conflict(
            "another_offer",
            "This order was offered with a different title or return address.",
        )
        .with_source(error),
        _ => error.into(),
    }
}

fn not_for_sale() -> Error {
    Error::new(Kind::Unprocessable, "not_for_sale", "This is not for sale.")
}

fn another_order() -> Error {
    Error::conflict("another_order", "This order is for something else.")
}

fn offer_over() -> Error {
    Error::conflict(
        "offer_over",
        "This order can no longer be paid. Ask for a new one.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancel_url_keeps_the_query_of_the_return_url() {
        assert_eq!(
            cancel_url("https://a.example/back"),
            "https://a.example/back?cancelled=1"
        );
        assert_eq!(
            cancel_url("https://a.example/back?x=1#y"),
            "https://a.example/back?x=1&cancelled=1#y"
        );
        assert_eq!(cancel_url("not a url"), "not a url");
    }
}
