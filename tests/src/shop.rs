//! A product that sells: it seals offers, people take and pay them, and the operator looks into the books.

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use confab_contracts::{
    Contract, Event,
    payments::{Offer, Purchase, Spend},
};
use confab_core::{
    Clock, CorrelationId, EventId, OrderId, Phone, Sealed, SpendId, Timestamp, seal,
};
use confab_lambda::{OsEntropy, SystemClock};
use serde_json::{Value, json};

use crate::{Place, eventually};

/// The secrets of `local` and of rehearsals.
pub const SEAL_SECRET: &[u8] = b"seal-secret";
pub(crate) const OPERATOR_KEY: &str = "operator-key";

const BUS: &str = "confab";
/// What the shop is to payments. The things are those of the price list, and no other product answers to what is told of
/// their orders: one that did not make them would give the money back.
pub const PRODUCT: &str = "shop";
/// What products ask for waits here.
const REQUESTS: &str = "confab-payments-requests";

#[derive(Debug, Clone, Copy)]
pub struct Shop<'a> {
    pub place: &'a Place,
}

/// A sealed value that outlives every test, however far its clock is moved.
fn sealed<T: Sealed>(value: &T) -> Result<String> {
    sealed_until(value, Timestamp::from_second(4_000_000_000)?)
}

fn sealed_until<T: Sealed>(value: &T, until: Timestamp) -> Result<String> {
    seal(SEAL_SECRET, value, until).map_err(|error| anyhow::anyhow!("{error}"))
}

pub fn state_of(order: &Value) -> &str {
    order["state"].as_str().unwrap_or_default()
}

impl<'a> Shop<'a> {
    pub fn at(place: &'a Place) -> Self {
        Self { place }
    }

    pub fn offer(&self, item: &str, payer: &str) -> Offer {
        let (product, reference) = (PRODUCT.to_owned(), String::new());
        let purchase = Purchase {
            product,
            item: item.into(),
            payer: payer.into(),
            reference,
        };
        Offer {
            order_id: OrderId::new(SystemClock::default().now(), &OsEntropy),
            purchase,
            title: format!("{item} for you"),
            phone: None,
            expires_at: None,
            return_url: "https://shop.example/thanks".into(),
        }
    }

    pub fn offer_to_number(&self, item: &str, payer: &str, phone: &str) -> Result<Offer> {
        Ok(Offer {
            phone: Some(Phone::parse(phone)?),
            ..self.offer(item, payer)
        })
    }

    pub async fn api(&self, path: &str, body: &Value) -> Result<reqwest::Response> {
        Ok(self
            .place
            .http
            .post(format!("{}{path}", self.place.gateway))
            .json(body)
            .send()
            .await?)
    }

    pub async fn asks_to_pay(&self, offer: &Offer) -> Result<reqwest::Response> {
        self.api(
            "/api/payments/checkout/",
            &json!({ "offer": sealed(offer)? }),
        )
        .await
    }

    /// The order, with the page to pay it on.
    pub async fn takes(&self, offer: &Offer) -> Result<Value> {
        let answer = self.asks_to_pay(offer).await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("checkout: {status} {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// The link to an offer, as a bot sends it.
    pub fn link(&self, offer: &Offer) -> Result<String> {
        self.link_until(offer, Timestamp::from_second(4_000_000_000)?)
    }

    pub fn link_until(&self, offer: &Offer, until: Timestamp) -> Result<String> {
        Ok(format!(
            "{}/api/payments/pay/{}",
            self.place.gateway,
            sealed_until(offer, until)?
        ))
    }

    /// Has payments keep an offer.
    pub async fn asks_to_keep(&self, offer: &Offer) -> Result<reqwest::Response> {
        self.api("/api/payments/offers/", &json!({ "offer": sealed(offer)? }))
            .await
    }

    /// The short link to an offer that payments keeps.
    pub async fn short_link(&self, offer: &Offer) -> Result<String> {
        let answer = self.asks_to_keep(offer).await?.error_for_status()?;
        let kept: Value = answer.json().await?;
        let id = kept["order_id"]
            .as_str()
            .with_context(|| kept.to_string())?;
        Ok(format!("{}/api/payments/pay/{id}", self.place.gateway))
    }

    /// A person taps a link.
    pub async fn opens(&self, link: &str, language: &str) -> Result<reqwest::Response> {
        Ok(self
            .place
            .http
            .get(link)
            .header("accept-language", language)
            .send()
            .await?)
    }

    /// An offer that is taken, paid and booked.
    pub async fn sells(&self, item: &str, payer: &str) -> Result<(Offer, Value)> {
        let offer = self.offer(item, payer);
        let order = self.takes(&offer).await?;
        self.pays(&order, "success").await?;
        self.comes_to(offer.order_id, "paid").await?;
        Ok((offer, order))
    }

    /// The person's choice on the pay page.
    pub async fn pays(&self, order: &Value, card: &str) -> Result<Value> {
        let page = page_of(order)?;
        self.place
            .post(&format!("/api/pay/{page}"), &json!({ "card": card }))
            .await
    }

    pub async fn authenticates(&self, order: &Value, accept: bool) -> Result<Value> {
        let page = page_of(order)?;
        self.place
            .post(
                &format!("/api/pay/{page}/authenticate"),
                &json!({ "accept": accept }),
            )
            .await
    }

    /// What a person at Stripe's dashboard does with the order's payment.
    pub async fn at_stripe(&self, order: &Value, what: &str, how: &Value) -> Result<Value> {
        self.place
            .post(
                &format!("/api/stripe/payments/{}/{what}", page_of(order)?),
                how,
            )
            .await
    }

    pub async fn order(&self, id: OrderId) -> Result<Value> {
        let answer = self
            .place
            .http
            .get(format!("{}/api/payments/orders/{id}", self.place.gateway))
            .send()
            .await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// What a product says on the bus, in so many copies at once.
    pub async fn says<D: Contract>(&self, data: D, copies: usize) -> Result<()> {
        self.told_by(PRODUCT, data, copies).await
    }

    /// What payments says on the bus.
    pub async fn payments_say<D: Contract>(&self, data: D, copies: usize) -> Result<()> {
        self.told_by("payments", data, copies).await
    }

    async fn told_by<D: Contract>(&self, source: &str, data: D, copies: usize) -> Result<()> {
        let now = SystemClock::default().now();
        let (id, correlation_id) = (
            EventId::new(now, &OsEntropy),
            CorrelationId::new(now, &OsEntropy),
        );
        let event = Event::new(id, now, source, correlation_id, "a test", data);
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(BUS)
            .source(format!("confab.{source}"));
        let entry = entry
            .detail_type(D::TYPE)
            .detail(serde_json::to_string(&event)?)
            .build();
        let events = aws_sdk_eventbridge::Client::new(&self.place.aws_config()?);
        let put = events
            .put_events()
            .set_entries(Some(vec![entry; copies]))
            .send()
            .await?;
        ensure!(put.failed_entry_count() == 0, "{put:?}");
        Ok(())
    }

    /// Waits until all that was asked for has been worked on.
    pub async fn is_heard(&self) -> Result<()> {
        self.place.is_empty(REQUESTS).await
    }

    /// Waits until the order is in a state.
    pub async fn comes_to(&self, id: OrderId, state: &str) -> Result<()> {
        eventually(|| async {
            let order = self.order(id).await?;
            (state_of(&order) == state)
                .then_some(())
                .with_context(|| order.to_string())
        })
        .await
    }

    /// The operator's books.
    pub async fn books(&self, path: &str) -> Result<Value> {
        let address = format!("{}/api/payments/ledger/{path}", self.place.gateway);
        let answer = self
            .place
            .http
            .get(address)
            .bearer_auth(OPERATOR_KEY)
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("books of {path}: {status} {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// What the simulated Stripe holds, by order.
    pub async fn held(&self) -> Result<HashMap<String, Value>> {
        let totals = self.place.get("/api/stripe/totals").await?;
        let of = |row: &Value| row["order_id"].as_str().unwrap_or_default().to_owned();
        Ok(totals
            .as_array()
            .context("totals")?
            .iter()
            .map(|row| (of(row), row.clone()))
            .collect())
    }

    /// All of an order. Its balance is the sum of its rows and what Stripe holds of it, and so are its fees.
    pub async fn agrees(&self, id: OrderId, held: &HashMap<String, Value>) -> Result<Value> {
        let file = self.books(&format!("orders/{id}")).await?;
        let held = held.get(&id.to_string()).cloned().unwrap_or_default();
        let number = |row: &Value, name: &str| row[name].as_i64().unwrap_or(0);
        let rows = file["rows"].as_array().context("rows")?;
        let of = |account: &str| {
            rows.iter()
                .filter(|row| row["account"] == account)
                .map(|row| number(row, "amount"))
                .sum()
        };
        let (sum, fees): (i64, i64) = (of("order"), of("fees"));
        let balance = number(&file["order"], "balance");
        let left = number(&held, "paid") - number(&held, "refunded") - number(&held, "withheld");
        ensure!(
            sum == balance && balance == left,
            "rows {sum}, balance {balance}, Stripe {held}"
        );
        ensure!(-fees == number(&held, "fees"), "fees {fees}, Stripe {held}");
        Ok(file)
    }

    /// The refunds that Stripe has made of an order.
    pub async fn refunds(&self, id: OrderId) -> Result<Vec<Value>> {
        let payments = self.place.get("/api/stripe/payments").await?;
        let payments = payments.as_array().context("payments")?;
        let ours = payments
            .iter()
            .find(|payment| payment["order_id"] == id.to_string())
            .context("no payment")?;
        Ok(ours["refunds"].as_array().cloned().unwrap_or_default())
    }

    pub async fn account(&self, payer: &str) -> Result<Value> {
        self.books(&format!("accounts/{PRODUCT}/{payer}")).await
    }

    pub async fn credits(&self, payer: &str) -> Result<i64> {
        let account = self.account(payer).await?;
        let rows = account["rows"].as_array().context("rows")?;
        let sum: i64 = rows.iter().filter_map(|row| row["amount"].as_i64()).sum();
        let balance = account["balance"].as_i64().context("a balance")?;
        if sum != balance {
            bail!("the rows of {payer} sum up to {sum}, the balance is {balance}");
        }
        Ok(balance)
    }

    /// Returns the flags of all notices of today.
    pub async fn flags(&self) -> Result<Vec<Value>> {
        Ok(self.books("flags").await?["flags"]
            .as_array()
            .cloned()
            .unwrap_or_default())
    }

    pub fn spend(&self, payer: &str, credits: u32) -> Spend {
        let id = SpendId::new(SystemClock::default().now(), &OsEntropy);
        Spend {
            id,
            product: PRODUCT.into(),
            payer: payer.into(),
            credits,
        }
    }

    pub async fn spends(&self, spend: &Spend) -> Result<reqwest::Response> {
        self.api("/api/payments/spend/", &json!({ "spend": sealed(spend)? }))
            .await
    }
}

/// The last part of the page's address is the id of the session.
fn page_of(order: &Value) -> Result<String> {
    let url = order["url"]
        .as_str()
        .with_context(|| format!("no page to pay on: {order}"))?;
    Ok(url.rsplit('/').next().unwrap_or_default().to_owned())
}
