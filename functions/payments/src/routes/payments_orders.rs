//! `GET /api/payments/orders/{id}`: how an order stands. Whoever knows its id may ask: it says nothing of who pays.

use std::sync::Arc;

use confab_core::{Error, Money, OrderId, Result};
use confab_lambda::{ApiRequest, Response, response};
use http::StatusCode;
use payments_domain::{Order, State};
use serde::Serialize;

use crate::Orders;

/// What anybody may know of an order.
#[derive(Serialize)]
pub(crate) struct OrderView {
    order_id: OrderId,
    state: State,
    item: String,
    amount: Money,
    /// Where it is paid, while it can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl OrderView {
    pub(crate) fn of(order: &Order, url: Option<String>) -> Self {
        Self {
            order_id: order.id,
            state: order.state,
            item: order.purchase.item.clone(),
            amount: order.price,
            url,
        }
    }
}

pub async fn handle(deps: Arc<Orders>, call: ApiRequest) -> Result<Response> {
    let unknown = || Error::not_found("order");
    let id: OrderId = call.last_segment().parse().map_err(|_| unknown())?;
    let row = deps.store.order(id).await?.ok_or_else(unknown)?;
    response::json(StatusCode::OK, &OrderView::of(&row.order, None))
}
