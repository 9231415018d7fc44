//! Creates payment links. The payments service stores the offer, so that a link carries an order id
//! and no personal data.

use std::time::Duration;

use confab_contracts::payments::OfferStored;
use confab_core::{Error, OrderId, Result, Timestamp};
use reqwest::Client;
use serde::Serialize;

/// Lifetime of a sealed offer, which only travels between two of our functions.
pub const SEAL_TTL: Duration = Duration::from_secs(600);

/// Client of the payments service that creates payment links.
#[derive(Debug)]
pub struct PayLinks {
    http: Client,
    /// The base URL of the payments service.
    base_url: String,
}

#[derive(Serialize)]
struct NewOffer {
    offer: String,
}

/// A payment link, and when it stops leading to a checkout.
#[derive(Debug)]
pub struct PayLink {
    pub url: String,
    pub expires_at: Timestamp,
}

impl PayLinks {
    pub fn new(http: Client, base_url: &str) -> Self {
        Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
        }
    }

    /// Returns the page that users see after paying.
    pub fn return_url(&self) -> String {
        format!("{}/api/payments/back", self.base_url)
    }

    /// Stores a sealed offer and returns its link. Storing the same offer again returns the same
    /// link.
    pub async fn store(&self, order_id: OrderId, sealed_offer: String) -> Result<PayLink> {
        let request = self
            .http
            .post(format!("{}/api/payments/offers/", self.base_url));
        let transport_error = |error: reqwest::Error| not_stored(error.without_url().to_string());
        let response = request
            .json(&NewOffer {
                offer: sealed_offer,
            })
            .send()
            .await
            .map_err(transport_error)?;
        if !response.status().is_success() {
            return Err(not_stored(format!(
                "payments answered {}",
                response.status()
            )));
        }
        let OfferStored { expires_at, .. } = response.json().await.map_err(transport_error)?;
        Ok(PayLink {
            url: format!("{}/api/payments/pay/{order_id}", self.base_url),
            expires_at,
        })
    }
}

fn not_stored(reason: String) -> Error {
    Error::unavailable("offer_not_stored", reason)
}
