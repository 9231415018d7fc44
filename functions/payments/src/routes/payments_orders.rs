//! `GET /api/payments/orders/{id}`: the state of an order. The id is the permission; nothing of the
//! payer is shown.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::{Response, Router, response};
use http::StatusCode;

use crate::{
    services::{extract::OrderPath, order_view::OrderView},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Store, Part::DynamoDbConnection];

pub fn routes() -> Router<State> {
    Router::new().route("GET /api/payments/orders/{id}", get_order)
}

async fn get_order(state: Arc<State>, OrderPath(id): OrderPath) -> Result<Response> {
    let row = state.store()?.order(id).await?;
    let row = row.ok_or_else(|| Error::not_found("order"))?;
    response::json(StatusCode::OK, &OrderView::new(&row.order, None))
}
