//! Checkout: offers that are stored at payments, and links to pay for them.

use std::time::Duration;

use confab_aws::Keyring;
use confab_contracts::payments::{Offer, PriceList, Purchase};
use confab_core::{Error, Kind, Money, OrderId, Result, Timestamp, after};
use confab_lambda::StartError;
use confab_pay_links::{PayLink, PayLinks, SEAL_TTL};
use confab_provider_base::http_client;
use rooms_domain::Goods;

use crate::config::{Config, OFFER_SECRET};

/// Shorter than payments allows, because another pin may outbid this one meanwhile.
const OFFER_TTL: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(crate) struct Checkout {
    secrets: Keyring,
    prices: PriceList,
    pay_links: PayLinks,
}

impl Checkout {
    pub(crate) fn new(config: &Config, secrets: Keyring) -> Result<Self, StartError> {
        Ok(Self {
            secrets,
            prices: config.prices()?,
            pay_links: PayLinks::new(http_client()?, config.pay_base_url()?),
        })
    }

    /// Returns the price of goods. `None` when the price list does not sell them.
    pub(crate) fn find_price(&self, goods: Goods) -> Option<Money> {
        self.prices.find(&goods.item()).map(|item| item.price)
    }

    pub(crate) fn price(&self, goods: Goods) -> Result<Money> {
        self.find_price(goods).ok_or_else(|| {
            Error::new(
                Kind::Unprocessable,
                "not_for_sale",
                "This is not for sale right now.",
            )
        })
    }

    /// Stores a sealed offer at payments and returns the link to pay.
    pub(crate) async fn create_link(
        &self,
        order_id: OrderId,
        purchase: Purchase,
        title: String,
        now: Timestamp,
    ) -> Result<PayLink> {
        let offer = Offer {
            order_id,
            purchase,
            title,
            phone: None,
            return_url: self.pay_links.return_url(),
            expires_at: Some(after(now, OFFER_TTL)),
        };
        let sealed = self
            .secrets
            .seal(OFFER_SECRET, &offer, after(now, SEAL_TTL))
            .await?;
        self.pay_links.store(order_id, sealed).await
    }
}
