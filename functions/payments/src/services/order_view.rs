//! The public view of an order.

use confab_core::{Money, OrderId};
use payments_domain::{Order, OrderState};
use serde::Serialize;

/// An order without its payer and its payment. Knowing the id is enough to read it.
#[derive(Serialize)]
pub(crate) struct OrderView {
    order_id: OrderId,
    state: OrderState,
    item: String,
    amount: Money,
    /// The checkout page, while the order can be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl OrderView {
    pub(crate) fn new(order: &Order, url: Option<String>) -> Self {
        Self {
            order_id: order.id,
            state: order.state,
            item: order.purchase.item.clone(),
            amount: order.price,
            url,
        }
    }
}
