//! Offers: the price list, and checkouts of sealed offers.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    response::Response,
};
use confab_contracts::payments::{Offer, Purchase};
use confab_core::{Entropy, OrderId, Phone, seal};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{gateway, shop::Shop, shop_error::ShopError};

const OFFER_TTL: Duration = Duration::from_secs(3600);
/// Maximum characters of each text in a sealed offer.
const MAX_TEXT_CHARS: usize = 200;

/// Lists the items with their prices, as the settings spell them.
pub(crate) async fn list(State(shop): State<Arc<Shop>>) -> Result<Json<Value>, ShopError> {
    let lines = shop
        .config()?
        .prices
        .split(',')
        .filter_map(|line| line.split_once('='));
    Ok(Json(
        lines
            .map(|(item, price)| json!({ "item": item.trim(), "price": price.trim() }))
            .collect(),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOffer {
    item: String,
    payer: String,
    title: Option<String>,
    phone: Option<String>,
}

/// Seals an offer as a product does, and opens its checkout.
pub(crate) async fn create(
    State(shop): State<Arc<Shop>>,
    new: Result<Json<NewOffer>, JsonRejection>,
) -> Result<Response, ShopError> {
    let Json(new) = new.map_err(|e| ShopError::bad_request(&e.body_text()))?;
    let config = shop.config()?;
    let now = jiff::Timestamp::from_millisecond(shop.context.now()).map_err(anyhow::Error::from)?;
    let offer = new.build(OrderId::new(now, &random()), shop.context.base_url())?;
    let expires_at = now.checked_add(OFFER_TTL).unwrap_or(now);
    let sealed = seal(
        config.seal_secret.expose_secret().as_bytes(),
        &offer,
        expires_at,
    )
    .map_err(|error| anyhow::anyhow!("{error}"))?;
    let url = gateway::url(config, "/api/payments/checkout/")?;
    gateway::forward(
        shop.context
            .http
            .post(url)
            .json(&json!({ "offer": sealed })),
    )
    .await
}

impl NewOffer {
    fn build(self, order_id: OrderId, base_url: &str) -> Result<Offer, ShopError> {
        let Self {
            item,
            payer,
            title,
            phone,
        } = self;
        let phone = phone.filter(|phone| !phone.trim().is_empty());
        let phone = phone
            .map(|phone| Phone::parse(&phone))
            .transpose()
            .map_err(|e| ShopError::bad_request(&e.to_string()))?;
        let title = title
            .filter(|title| !title.trim().is_empty())
            .unwrap_or_else(|| item.clone());
        let payer = payer.trim().to_owned();
        if payer.is_empty() || payer.contains('/') {
            return Err(ShopError::bad_request(
                "Say who pays: an id as the product has it, without a slash.",
            ));
        }
        if [&item, &payer, &title]
            .iter()
            .any(|text| text.chars().count() > MAX_TEXT_CHARS)
        {
            return Err(ShopError::bad_request(&format!(
                "At most {MAX_TEXT_CHARS} characters each fit into an offer."
            )));
        }
        let product = item.split('.').next().unwrap_or_default().to_owned();
        let return_url = format!("{base_url}/ledger?order={order_id}");
        let purchase = Purchase {
            product,
            item,
            payer,
            reference: String::new(),
        };
        Ok(Offer {
            order_id,
            purchase,
            title,
            phone,
            return_url,
            expires_at: None,
        })
    }
}

fn random() -> impl Entropy {
    || std::array::from_fn(|_| fastrand::u8(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_offer(payer: &str) -> NewOffer {
        NewOffer {
            item: "studio.lite".into(),
            payer: payer.into(),
            title: None,
            phone: Some(" ".into()),
        }
    }

    #[test]
    fn offers_hold_the_product_payer_and_return_url() {
        let id = OrderId::new(jiff::Timestamp::UNIX_EPOCH, &random());
        let offer = new_offer(" usr_1 ")
            .build(id, "http://127.0.0.1:7070")
            .unwrap();
        assert_eq!(
            (
                offer.purchase.product.as_str(),
                offer.purchase.payer.as_str()
            ),
            ("studio", "usr_1")
        );
        assert_eq!((offer.title.as_str(), offer.phone), ("studio.lite", None));
        assert_eq!(
            offer.return_url,
            format!("http://127.0.0.1:7070/ledger?order={id}")
        );
        for payer in ["", "  ", "a/b", &"x".repeat(201)] {
            assert!(
                new_offer(payer).build(id, "http://127.0.0.1:7070").is_err(),
                "{payer}"
            );
        }
    }
}
