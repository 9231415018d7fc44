//! An offer that a product sealed becomes an order, and a page to pay it on. Whoever comes with the same offer, by
//! whatever route and however often, comes to the same order and page.

use std::time::Duration;

use confab_contracts::payments::{LINK_TTL, Offer, OfferStored};
use confab_core::{Clock, CorrelationId, Error, Kind, OrderId, Private, Result, after};
use confab_stripe::{Checkout as Page, NewCheckout, StripeError};
use payments_domain::{Order, State};
use reqwest::Url;

use crate::{
    Checkout,
    config::SEAL,
    services::stripe_retry::once,
    store::{KnownOffer, payer_hash},
};

/// Stripe takes at most a day from its own now, and forgets the key of a request after one.
const OPEN_FOR: Duration = Duration::from_secs(23 * 3600);
/// Stripe takes at least half an hour.
const LATEST_START: Duration = Duration::from_secs(22 * 3600);
/// The query of `return_url` when the person left without paying: `cancelled=1`.
pub(crate) const CANCELLED: &str = "cancelled";

/// The order, and where it is paid while there is something to pay.
pub(crate) struct Taken {
    pub(crate) order: Order,
    pub(crate) page: Option<Private<String>>,
}

/// Keeps an offer, so that a link of a few letters leads to it. Kept again, it lasts longer.
pub(crate) async fn keep(deps: &Checkout, sealed: &str) -> Result<OfferStored> {
    let now = deps.clock.now();
    let offer = unsealed(deps, sealed).await?;
    deps.prices
        .find(&offer.offer.purchase.item)
        .ok_or_else(unpriced)?;
    let (order_id, latest) = (offer.offer.order_id, after(now, LINK_TTL));
    let expires_at = offer
        .offer
        .expires_at
        .map_or(latest, |wanted| wanted.min(latest));
    if deps
        .store
        .offer(order_id)
        .await?
        .is_some_and(|known| known.offer.purchase != offer.offer.purchase)
    {
        return Err(another_order());
    }
    deps.store
        .keep_offer(&KnownOffer {
            expires_at: expires_at.as_second(),
            ..offer
        })
        .await?;
    Ok(OfferStored {
        order_id,
        expires_at,
    })
}

pub(crate) async fn take_sealed(
    deps: &Checkout,
    sealed: &str,
    correlation_id: CorrelationId,
) -> Result<Taken> {
    let offer = unsealed(deps, sealed).await?;
    take(deps, &offer, correlation_id).await
}

/// Takes the offer behind a short link. When its time is over the order still says whether it was paid.
pub(crate) async fn take_kept(
    deps: &Checkout,
    id: OrderId,
    correlation_id: CorrelationId,
) -> Result<Taken> {
    let now = deps.clock.now();
    let known = deps.store.offer(id).await?;
    if let Some(offer) = known
        .as_ref()
        .filter(|offer| now.as_second() < offer.expires_at)
    {
        return take(deps, offer, correlation_id).await;
    }
    match deps.store.order(id).await? {
        Some(row) if has_nothing_to_pay(&row.order) => Ok(Taken {
            order: row.order,
            page: None,
        }),
        Some(_) => Err(too_late()),
        None if known.is_some() || now >= after(id.made_at(), LINK_TTL) => Err(too_late()),
        None => Err(Error::not_found("offer")),
    }
}

async fn unsealed(deps: &Checkout, sealed: &str) -> Result<KnownOffer> {
    let mut offer: Offer = deps.keys.unseal(SEAL, sealed, deps.clock.now()).await?;
    let payer = offer.phone.take().map(|phone| payer_hash(&phone));
    Ok(KnownOffer {
        offer,
        payer,
        expires_at: 0,
    })
}

async fn take(deps: &Checkout, known: &KnownOffer, correlation_id: CorrelationId) -> Result<Taken> {
    let (now, offer) = (deps.clock.now(), &known.offer);
    let item = deps
        .prices
        .find(&offer.purchase.item)
        .ok_or_else(unpriced)?;
    let order = Order::new(
        offer.order_id,
        offer.purchase.clone(),
        item.price,
        item.credits,
        now,
        correlation_id,
    );
    let row = deps.store.create(&order, known.payer.as_deref()).await?;
    if row.order.purchase != offer.purchase {
        return Err(another_order());
    }
    if has_nothing_to_pay(&row.order) {
        return Ok(Taken {
            order: row.order,
            page: None,
        });
    }
    let began = row.order.created_at;
    if now >= after(began, LATEST_START) {
        return Err(too_late());
    }
    let closed = || {
        Error::conflict(
            "offer_over",
            "This order cannot be paid any more. Ask for a new one.",
        )
    };
    // What the product would have to give back at once is not sold.
    if row.order.refund.is_some() {
        return Err(closed());
    }
    let page = open(deps, offer, &row.order).await?;
    let order = Order {
        checkout: Some(page.id),
        state: State::Pending,
        ..row.order.clone()
    };
    if order != row.order {
        deps.store.opened(&row, &order).await?;
    }
    Ok(Taken {
        order,
        page: Some(page.url.ok_or_else(closed)?),
    })
}

/// A payment that is on its way has its place in the order, and its page is done with.
fn has_nothing_to_pay(order: &Order) -> bool {
    order.state.is_settled() || order.payment.is_some()
}

fn unpriced() -> Error {
    Error::new(Kind::Unprocessable, "not_for_sale", "This is not for sale.")
}

fn another_order() -> Error {
    Error::conflict("another_order", "This order is for something else.")
}

fn too_late() -> Error {
    Error::conflict(
        "offer_over",
        "It is too late to pay this order. Ask for a new one.",
    )
}

/// The same order asks for the same page, with the same key: Stripe makes one, however often it is asked.
async fn open(deps: &Checkout, offer: &Offer, order: &Order) -> Result<Page> {
    let new = NewCheckout {
        order_id: order.id.to_string(),
        correlation_id: order.correlation_id,
        title: offer.title.clone(),
        amount: order.price,
        success_url: offer.return_url.clone(),
        cancel_url: cancelled(&offer.return_url),
        expires_at: order.created_at.checked_add(OPEN_FOR).ok(),
        metadata: Vec::new(),
    };
    let stripe = deps.stripe.client().await?;
    let (stripe, new) = (&stripe, &new);
    let page = once(&new.order_id, |key| async move {
        stripe.create_checkout(new, &key).await
    })
    .await;
    page.map_err(refused)
}

fn cancelled(return_url: &str) -> String {
    let Ok(mut url) = Url::parse(return_url) else {
        return return_url.to_owned();
    };
    url.query_pairs_mut().append_pair(CANCELLED, "1");
    url.into()
}

/// The same order with another offer's words is another request to Stripe, which it refuses.
fn refused(error: StripeError) -> Error {
    match &error {
        StripeError::Refused { code, .. } if code == "idempotency_error" => Error::conflict(
            "another_offer",
            "This order was offered in other words before.",
        )
        .with_source(error),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelled_address_says_so_beside_what_it_said_before() {
        assert_eq!(
            cancelled("https://a.example/back"),
            "https://a.example/back?cancelled=1"
        );
        assert_eq!(
            cancelled("https://a.example/back?x=1#y"),
            "https://a.example/back?x=1&cancelled=1#y"
        );
        assert_eq!(cancelled("no address"), "no address");
    }
}
