//! `POST /api/payments/checkout/`: an offer that a product sealed becomes an order, and a page to pay it on.
//! `POST /api/payments/offers/`: it is kept, and a link with the order's id leads to it.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{ApiRequest, Response, response};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    Checkout,
    routes::payments_orders::OrderView,
    services::checkout::{Taken, keep, take_sealed},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    offer: String,
}

pub async fn handle(deps: Arc<Checkout>, call: ApiRequest) -> Result<Response> {
    let In { offer } = call.json()?;
    if call.path() == "/api/payments/offers/" {
        return response::json(StatusCode::CREATED, &keep(&deps, &offer).await?);
    }
    let Taken { order, page } = take_sealed(&deps, &offer, call.correlation_id).await?;
    response::json(
        StatusCode::OK,
        &OrderView::of(&order, page.map(|url| url.0)),
    )
}
