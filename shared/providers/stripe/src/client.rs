//! Client of Stripe's API: checkouts, payments, refunds, disputes and undelivered events.

use confab_core::{Money, Timestamp};
use confab_provider_base::{
    lenient::{Lenient, LenientString, LenientVec},
    send::ApiResponse,
};
use reqwest::{Client, RequestBuilder, header::CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    Checkout, Dispute, NewCheckout, Notice, Payment, Refund, StripeError, wire::FormFields,
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

/// Selects events, newest first. Stripe keeps them for thirty days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// At most twenty event types; an empty list selects all.
    pub kinds: Vec<String>,
    /// Selects only events that some endpoint has not received.
    pub undelivered: bool,
    pub created_from: Option<Timestamp>,
    pub created_before: Option<Timestamp>,
    /// Selects events older than the one with this id.
    pub starting_after: Option<String>,
    /// Page size, from 1 to 100.
    pub limit: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The number of malformed items.
    pub broken: usize,
    /// Whether another page follows.
    pub has_more: bool,
}

/// A page of a hundred events, each with its whole object.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// Bounds the pages of one payment's list, in case it never ends.
const MAX_PAGES: usize = 20;
const MAX_ID_BYTES: usize = 255;

impl Stripe {
    pub fn new(http: Client, config: StripeConfig) -> Self {
        Self { http, config }
    }

    /// Creates a checkout session.
    /// Stripe refuses the same key with other fields, `expires_at` included: store what was sent,
    /// or derive it.
    pub async fn create_checkout(
        &self,
        new: &NewCheckout,
        idempotency_key: &str,
    ) -> Result<Checkout, StripeError> {
        self.post("checkout/sessions", &new.fields(), idempotency_key)
            .await
    }

    /// Returns a checkout with its payment, the latest charge and Stripe's fee.
    pub async fn checkout(&self, id: &str) -> Result<Checkout, StripeError> {
        let expanded = expand("payment_intent.latest_charge.balance_transaction");
        self.get(&format!("checkout/sessions/{}", checked_id(id)?), &expanded)
            .await
    }

    /// Expires an open checkout session.
    pub async fn expire_checkout(
        &self,
        id: &str,
        idempotency_key: &str,
    ) -> Result<Checkout, StripeError> {
        self.post(
            &format!("checkout/sessions/{}/expire", checked_id(id)?),
            &FormFields::new(),
            idempotency_key,
        )
        .await
    }

    /// Returns a payment with its latest charge and Stripe's fee.
    pub async fn payment_intent(&self, id: &str) -> Result<Payment, StripeError> {
        let expanded = expand("latest_charge.balance_transaction");
        self.get(&format!("payment_intents/{}", checked_id(id)?), &expanded)
            .await
    }

    /// Refunds a payment in its own currency; the whole of it without an amount.
    pub async fn create_refund(
        &self,
        payment_intent: &str,
        amount: Option<Money>,
        idempotency_key: &str,
    ) -> Result<Refund, StripeError> {
        let mut fields = vec![(
            "payment_intent".to_owned(),
            checked_id(payment_intent)?.to_owned(),
        )];
        fields.extend(amount.map(|amount| ("amount".to_owned(), amount.minor.to_string())));
        self.post("refunds", &fields, idempotency_key).await
    }

    /// Lists all disputes of a payment, newest first.
    pub async fn disputes(&self, payment_intent: &str) -> Result<Vec<Dispute>, StripeError> {
        let mut fields = vec![
            (
                "payment_intent".to_owned(),
                checked_id(payment_intent)?.to_owned(),
            ),
            ("limit".to_owned(), "100".to_owned()),
        ];
        let mut all: Vec<Dispute> = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = self.page::<Dispute>("disputes", &fields).await?;
            // A sum over a partial list would be silently wrong.
            if page.broken > 0 {
                return Err(malformed_response());
            }
            all.extend(page.items);
            let Some(last) = all.last().filter(|_| page.has_more) else {
                return Ok(all);
            };
            fields.truncate(2);
            fields.push(("starting_after".to_owned(), last.id.clone()));
        }
        Err(StripeError::busy("the list has too many pages"))
    }

    /// Returns one page of events.
    pub async fn events(&self, query: &EventQuery) -> Result<Page<Notice>, StripeError> {
        self.page("events", &query.fields()).await
    }

    async fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: &FormFields,
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
            return Err(malformed_response());
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
        fields: &FormFields,
    ) -> Result<T, StripeError> {
        let mut url = self.url(path);
        if !fields.is_empty() {
            url = format!("{url}?{}", form_encode(fields));
        }
        self.call(self.http.get(url)).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        fields: &FormFields,
        idempotency_key: &str,
    ) -> Result<T, StripeError> {
        let request = self
            .http
            .post(self.url(path))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("idempotency-key", idempotency_key)
            .body(form_encode(fields));
        self.call(request).await
    }

    async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, StripeError> {
        let StripeConfig {
            version,
            secret_key,
            ..
        } = &self.config;
        let request = request
            .bearer_auth(secret_key.expose_secret())
            .header("stripe-version", version);
        let response = ApiResponse::read_up_to(MAX_RESPONSE_BYTES, request.send().await?).await?;
        if !response.status.is_success() {
            return Err(StripeError::from_response(&response));
        }
        response.json().ok_or_else(malformed_response)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v1/{path}", self.config.api_url.trim_end_matches('/'))
    }
}

impl EventQuery {
    fn fields(&self) -> FormFields {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![field("limit", &self.limit.to_string())];
        fields.extend(self.kinds.iter().map(|kind| field("types[]", kind)));
        fields.extend(self.undelivered.then(|| field("delivery_success", "false")));
        fields.extend(
            self.created_from
                .map(|from| field("created[gte]", &from.as_second().to_string())),
        );
        fields.extend(
            self.created_before
                .map(|before| field("created[lt]", &before.as_second().to_string())),
        );
        fields.extend(
            self.starting_after
                .iter()
                .map(|id| field("starting_after", id)),
        );
        fields
    }
}

fn expand(path: &str) -> FormFields {
    vec![("expand[]".to_owned(), path.to_owned())]
}

fn form_encode(fields: &FormFields) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Checks an id before it enters a path: ids come from webhooks and stores, and must not lead
/// elsewhere.
fn checked_id(id: &str) -> Result<&str, StripeError> {
    let is_id_byte = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !(1..=MAX_ID_BYTES).contains(&id.len()) || !id.bytes().all(is_id_byte) {
        return Err(StripeError::refused("not_asked", "not a Stripe id"));
    }
    Ok(id)
}

fn malformed_response() -> StripeError {
    StripeError::busy("the response is malformed")
}

#[cfg(test)]
mod tests;
