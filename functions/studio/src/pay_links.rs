//! Links to pay: payments keeps the offer, and the link that a person gets holds the order's id alone.

use std::time::Duration;

use confab_aws::Keyring;
use confab_kernel::{Error, Result, Timestamp, after, payments::Offer};
use serde::Serialize;

use crate::world::SEAL;

/// How long payments takes a sealed offer. It never leaves our own functions.
const SEAL_LASTS: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(crate) struct PayLinks {
    pub(crate) http: reqwest::Client,
    pub(crate) keys: Keyring,
    /// Where payments answers.
    pub(crate) base_url: String,
}

#[derive(Serialize)]
struct Out {
    offer: String,
}

impl PayLinks {
    /// Where the person goes on after paying.
    pub(crate) fn return_url(&self) -> String {
        format!("{}/api/payments/back", self.base_url)
    }

    /// Has the offer kept, and returns the link to it. The same offer has the same link, however often it is asked for.
    pub(crate) async fn link(&self, offer: &Offer, now: Timestamp) -> Result<String> {
        let order_id = offer.order_id;
        let offer = self.keys.seal(SEAL, offer, after(now, SEAL_LASTS)).await?;
        let asked = self.http.post(format!("{}/api/payments/offers/", self.base_url)).json(&Out { offer });
        let answer = asked.send().await.map_err(|error| not_kept(error.without_url().to_string()))?;
        match answer.status() {
            status if status.is_success() => Ok(format!("{}/api/payments/pay/{order_id}", self.base_url)),
            status => Err(not_kept(format!("payments answered {status}"))),
        }
    }
}

fn not_kept(why: String) -> Error {
    Error::unavailable("offer_not_kept", why)
}
