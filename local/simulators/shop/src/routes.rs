//! Routes of the ledger page.

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::{ledger, offers, shop::Shop};

pub fn routes(shop: Arc<Shop>) -> Router {
    Router::new()
        .route("/api/ledger/offers", get(offers::list).post(offers::create))
        .route("/api/ledger/{*path}", get(ledger::read))
        .with_state(shop)
}
