//! Offers behind short links.

use confab_aws::{Condition, Row, Table, number};
use confab_contracts::payments::Offer;
use confab_core::{OrderId, Result};
use serde::{Deserialize, Serialize};

use super::Store;

/// An offer without the payer's phone number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredOffer {
    pub(crate) offer: Offer,
    /// The hash of the phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payer: Option<String>,
    /// Second at which the link expires.
    pub(crate) expires_at: i64,
}

fn offer_key(id: OrderId) -> Row {
    Table::key(format!("OFFER#{id}"), "OFFER")
}

impl Store {
    /// Returns the offer of an order. TTL deletes late, so the caller compares `expires_at`.
    pub(crate) async fn offer(&self, id: OrderId) -> Result<Option<StoredOffer>> {
        self.table.get(offer_key(id)).await
    }

    /// Stores an offer unless it is stored with a later expiry.
    pub(crate) async fn put_offer(&self, offer: &StoredOffer) -> Result<()> {
        let mut row = Table::to_row("", "", offer)?;
        row.extend(offer_key(offer.offer.order_id));
        let condition = Condition::expression("attribute_not_exists(pk) OR expires_at < :until")
            .value(":until", number(offer.expires_at));
        self.table.put(row, condition).await.map(drop)
    }
}
