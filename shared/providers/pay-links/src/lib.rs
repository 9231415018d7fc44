//! Links to pay. The payments service keeps the offer, so that a link holds the order's id and no personal data.

use std::time::Duration;

use confab_contracts::payments::OfferStored;
use confab_core::{Error, OrderId, Result};
use reqwest::Client;
use serde::Serialize;

/// How long a sealed offer must be valid: it goes from one of our functions to another, and no further.
pub const SEAL_TTL: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub struct PayLinks {
    http: Client,
    /// The address of the payments service.
    base_url: String,
}

#[derive(Serialize)]
struct NewOffer {
    offer: String,
}

/// A link to pay, and until when it leads to a checkout.
#[derive(Debug)]
pub struct PayLink {
    pub url: String,
    pub expires_at: confab_core::Timestamp,
}

impl PayLinks {
    pub fn new(http: Client, base_url: &str) -> Self {
        Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
        }
    }

    /// Where the person goes on after paying.
    pub fn return_url(&self) -> String {
        format!("{}/api/payments/back", self.base_url)
    }

    /// Stores a sealed offer. The same offer has the same link, however often it is stored.
    pub async fn store(&self, order_id: OrderId, sealed_offer: String) -> Result<PayLink> {
        let request = self
            .http
            .post(format!("{}/api/payments/offers/", self.base_url));
        let failed = |error: reqwest::Error| not_stored(error.without_url().to_string());
        let response = request
            .json(&NewOffer {
                offer: sealed_offer,
            })
            .send()
            .await
            .map_err(failed)?;
        if !response.status().is_success() {
            return Err(not_stored(format!(
                "payments answered {}",
                response.status()
            )));
        }
        let OfferStored { expires_at, .. } = response.json().await.map_err(failed)?;
        Ok(PayLink {
            url: format!("{}/api/payments/pay/{order_id}", self.base_url),
            expires_at,
        })
    }
}

fn not_stored(why: String) -> Error {
    Error::unavailable("offer_not_stored", why)
}
