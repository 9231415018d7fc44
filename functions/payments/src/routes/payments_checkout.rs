//! `POST /api/payments/checkout/`: turns a product's sealed offer into an order with a checkout
//! page.
//! `POST /api/payments/offers/`: stores an offer for a short link, which ends in the order's id.

use std::sync::Arc;

use confab_core::{CorrelationId, Result};
use confab_lambda::{Response, Router, extract::Json, response};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    services::{
        checkout::{start_from_sealed_offer, store_offer},
        order_view::OrderView,
    },
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Stripe,
    Part::Seal,
    Part::Prices,
    Part::DynamoDbConnection,
];

pub fn routes() -> Router<State> {
    Router::new()
        .route("POST /api/payments/checkout/", post_checkout)
        .route("POST /api/payments/offers/", post_offer)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedOffer {
    offer: String,
}

async fn post_checkout(
    state: Arc<State>,
    Json(body): Json<SealedOffer>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let checkout = start_from_sealed_offer(&state, &body.offer, correlation_id).await?;
    let url = checkout.url.map(|url| url.0);
    response::json(StatusCode::OK, &OrderView::new(&checkout.order, url))
}

async fn post_offer(state: Arc<State>, Json(body): Json<SealedOffer>) -> Result<Response> {
    let stored = store_offer(&state, &body.offer).await?;
    response::json(StatusCode::CREATED, &stored)
}
