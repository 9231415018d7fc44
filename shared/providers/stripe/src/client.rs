//! Calls to Stripe's API: checkouts, payments, refunds, disputes, and the events that were not delivered.

use confab_core::{Money, Timestamp};
use reqwest::{Client, RequestBuilder, header::CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Checkout, Dispute, NewCheckout, Notice, Payment, Refund, StripeError, wire::Fields};
use confab_provider_base::{
    lenient::{Lenient, LenientString, LenientVec},
    send::ApiResponse,
};

#[derive(Debug, Clone)]
pub struct StripeConfig {
    /// `https://api.stripe.com`
    pub api_url: String,
    /// `2026-10-28.endive`
    pub version: String,
    /// `sk_..`
    pub secret_key: SecretString,
}

#[derive(Debug, Clone)]
pub struct Stripe {
    http: Client,
    config: StripeConfig,
}

/// Which events, newest first. They are kept for thirty days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// At most twenty; all kinds when empty.
    pub kinds: Vec<String>,
    /// Only those that were not delivered to every address that wanted them.
    pub undelivered: bool,
    pub created_from: Option<Timestamp>,
    pub created_before: Option<Timestamp>,
    /// Older than the event with this id.
    pub starting_after: Option<String>,
    /// 1 to 100.
    pub limit: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// How many could not be read.
    pub broken: usize,
    /// There are more in the direction that was asked for.
    pub has_more: bool,
}

/// A hundred events, each with its object in whole.
const LARGEST_PAGE: usize = 8 * 1024 * 1024;
/// A list that never ends is not the list of one payment.
const MOST_PAGES: usize = 20;

impl Stripe {
    pub fn new(http: Client, config: StripeConfig) -> Self {
        Self { http, config }
    }

    /// The same key with other fields is refused, `expires_at` included: keep what was sent, or derive it.
    pub async fn create_checkout(
        &self,
        new: &NewCheckout,
        idempotency_key: &str,
    ) -> Result<Checkout, StripeError> {
        self.post("checkout/sessions", &new.fields(), idempotency_key)
            .await
    }

    /// With its payment, the latest charge, and what Stripe keeps of it.
    pub async fn checkout(&self, id: &str) -> Result<Checkout, StripeError> {
        let whole = expanding("payment_intent.latest_charge.balance_transaction");
        self.get(&format!("checkout/sessions/{}", plain(id)?), &whole)
            .await
    }

    pub async fn expire_checkout(
        &self,
        id: &str,
        idempotency_key: &str,
    ) -> Result<Checkout, StripeError> {
        self.post(
            &format!("checkout/sessions/{}/expire", plain(id)?),
            &Fields::new(),
            idempotency_key,
        )
        .await
    }

    /// With the latest charge, and what Stripe keeps of it.
    pub async fn payment_intent(&self, id: &str) -> Result<Payment, StripeError> {
        let whole = expanding("latest_charge.balance_transaction");
        self.get(&format!("payment_intents/{}", plain(id)?), &whole)
            .await
    }

    /// All of it when no amount is given. The currency is the payment's.
    pub async fn create_refund(
        &self,
        payment_intent: &str,
        amount: Option<Money>,
        idempotency_key: &str,
    ) -> Result<Refund, StripeError> {
        let mut fields = vec![(
            "payment_intent".to_owned(),
            plain(payment_intent)?.to_owned(),
        )];
        fields.extend(amount.map(|amount| ("amount".to_owned(), amount.minor.to_string())));
        self.post("refunds", &fields, idempotency_key).await
    }

    /// Newest first, all of them.
    pub async fn disputes(&self, payment_intent: &str) -> Result<Vec<Dispute>, StripeError> {
        let mut fields = vec![
            (
                "payment_intent".to_owned(),
                plain(payment_intent)?.to_owned(),
            ),
            ("limit".to_owned(), "100".to_owned()),
        ];
        let mut all: Vec<Dispute> = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = self.page::<Dispute>("disputes", &fields).await?;
            // A sum over some of them would be wrong, and nobody would know.
            if page.broken > 0 {
                return Err(unreadable());
            }
            all.extend(page.items);
            let Some(last) = all.last().filter(|_| page.has_more) else {
                return Ok(all);
            };
            fields.truncate(2);
            fields.push(("starting_after".to_owned(), last.id.clone()));
        }
        Err(StripeError::busy("more pages than there can be"))
    }

    pub async fn events(&self, query: &EventQuery) -> Result<Page<Notice>, StripeError> {
        self.page("events", &query.fields()).await
    }

    async fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: &Fields,
    ) -> Result<Page<T>, StripeError> {
        #[derive(Deserialize)]
        #[serde(bound = "T: DeserializeOwned")]
        struct List<T> {
            object: LenientString,
            data: LenientVec<T>,
            #[serde(default)]
            has_more: Lenient<bool>,
        }
        let list: List<T> = self.get(path, fields).await?;
        if list.object.get() != Some("list") {
            return Err(unreadable());
        }
        Ok(Page {
            broken: list.data.broken,
            items: list.data.items,
            has_more: list.has_more.0.unwrap_or_default(),
        })
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: &Fields,
    ) -> Result<T, StripeError> {
        let mut address = self.address(path);
        if !fields.is_empty() {
            address = format!("{address}?{}", encoded(fields));
        }
        self.ask(self.http.get(address)).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: &Fields,
        idempotency_key: &str,
    ) -> Result<T, StripeError> {
        let request = self
            .http
            .post(self.address(path))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("idempotency-key", idempotency_key)
            .body(encoded(fields));
        self.ask(request).await
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, StripeError> {
        let StripeConfig {
            version,
            secret_key,
            ..
        } = &self.config;
        let request = request
            .bearer_auth(secret_key.expose_secret())
            .header("stripe-version", version);
        let answer = ApiResponse::read_up_to(LARGEST_PAGE, request.send().await?).await?;
        match answer.status.is_success() {
            true => answer.json().ok_or_else(unreadable),
            false => Err(StripeError::of(&answer)),
        }
    }

    fn address(&self, path: &str) -> String {
        format!("{}/v1/{path}", self.config.api_url.trim_end_matches('/'))
    }
}

impl EventQuery {
    fn fields(&self) -> Fields {
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![own("limit", &self.limit.to_string())];
        fields.extend(self.kinds.iter().map(|kind| own("types[]", kind)));
        fields.extend(self.undelivered.then(|| own("delivery_success", "false")));
        fields.extend(
            self.created_from
                .map(|from| own("created[gte]", &from.as_second().to_string())),
        );
        fields.extend(
            self.created_before
                .map(|before| own("created[lt]", &before.as_second().to_string())),
        );
        fields.extend(
            self.starting_after
                .iter()
                .map(|id| own("starting_after", id)),
        );
        fields
    }
}

fn expanding(path: &str) -> Fields {
    vec![("expand[]".to_owned(), path.to_owned())]
}

fn encoded(fields: &Fields) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Ids come from webhooks and stores: one that is none must not lead to another path.
fn plain(id: &str) -> Result<&str, StripeError> {
    let known = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    match (1..=255).contains(&id.len()) && id.bytes().all(known) {
        true => Ok(id),
        false => Err(StripeError::refused("not_asked", "not an id of Stripe's")),
    }
}

fn unreadable() -> StripeError {
    StripeError::busy("the answer cannot be read")
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
