//! The ledger page's API: the operator's view of the books, and offers sealed as a product would seal them.
//! Nothing else of the gateway is reached from here.

use std::{sync::Arc, time::Duration};

use anyhow::bail;

use axum::{
    Json, Router,
    extract::{
        Query, State,
        rejection::{JsonRejection, QueryRejection},
    },
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use confab_contracts::payments::{Offer, Purchase};
use confab_core::{Entropy, OrderId, Phone, seal};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Outside;

/// API Gateway answers within half a minute.
const PATIENCE: Duration = Duration::from_secs(35);
const OFFERED_FOR: Duration = Duration::from_secs(3600);
/// A sealed offer has room for this much of a person's words.
const LONGEST_TEXT: usize = 200;

#[derive(Debug, Clone, Default)]
pub struct ShopSettings {
    /// The address of the payments API.
    pub gateway: String,
    pub operator_key: SecretString,
    pub seal_secret: SecretString,
    /// `studio.lite=19.00 USD +1, ..`
    pub prices: String,
}

impl ShopSettings {
    pub(crate) fn set(&mut self, name: &str, value: String) -> anyhow::Result<()> {
        match name {
            "gateway" => self.gateway = value,
            "operator_key" => self.operator_key = value.into(),
            "seal_secret" => self.seal_secret = value.into(),
            "prices" => self.prices = value,
            other => bail!("simulator shop has no setting {other}"),
        }
        Ok(())
    }
}

/// An error with its status, as the pages show it.
#[derive(Debug)]
struct Problem(StatusCode, &'static str, String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        (
            status,
            Json(json!({ "error": { "code": code, "message": message } })),
        )
            .into_response()
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        Self(
            StatusCode::INTERNAL_SERVER_ERROR,
            "failed",
            format!("{error:#}"),
        )
    }
}

pub(crate) fn routes() -> Router<Arc<Outside>> {
    Router::new()
        .route("/api/ledger/offers", get(for_sale).post(sell))
        .route("/api/ledger/{*path}", get(read))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    day: Option<String>,
    after: Option<String>,
}

async fn read(
    State(outside): State<Arc<Outside>>,
    uri: Uri,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(page) = page.map_err(|e| refused(&e.body_text()))?;
    let path = uri.path().strip_prefix("/api/ledger/").unwrap_or_default();
    let parts = parts(path).ok_or_else(|| not_found("page of the ledger"))?;
    let shop = shop(&outside)?;
    let mut url = books(shop, &parts)?;
    for (name, value) in [("day", page.day), ("after", page.after)] {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    passed_on(
        outside
            .http
            .get(url)
            .bearer_auth(shop.operator_key.expose_secret()),
    )
    .await
}

/// The parts of a path that the ledger knows, decoded. Nothing in them leads to another path.
fn parts(path: &str) -> Option<Vec<String>> {
    let decoded = path.split('/').map(|part| {
        percent_decode_str(part)
            .decode_utf8()
            .ok()
            .map(|part| part.into_owned())
    });
    let parts: Vec<String> = decoded.collect::<Option<_>>()?;
    let is_plain = |part: &String| {
        !matches!(part.as_str(), "" | "." | "..") && !part.contains(['/', '\\', '%'])
    };
    let names: Vec<_> = parts.iter().map(String::as_str).collect();
    let is_known = matches!(
        names[..],
        ["orders" | "flags"] | ["orders", _] | ["accounts", _, _]
    );
    (is_known && parts.iter().all(is_plain)).then_some(parts)
}

fn shop(outside: &Outside) -> Result<&ShopSettings, Problem> {
    outside
        .options
        .shop
        .as_ref()
        .ok_or_else(|| not_found("shop here"))
}

fn not_found(what: &str) -> Problem {
    Problem(
        StatusCode::NOT_FOUND,
        "not_found",
        format!("There is no such {what}."),
    )
}

fn books(shop: &ShopSettings, parts: &[String]) -> Result<Url, Problem> {
    let mut url = at_gateway(shop, "/api/payments/ledger")?;
    url.path_segments_mut()
        .map_err(|()| anyhow::anyhow!("the gateway's address has no path"))?
        .extend(parts);
    Ok(url)
}

fn at_gateway(shop: &ShopSettings, path: &str) -> Result<Url, Problem> {
    let url = format!("{}{path}", shop.gateway);
    Ok(url.parse().map_err(anyhow::Error::from)?)
}

/// What is on the price list, with its price as it is written there.
async fn for_sale(State(outside): State<Arc<Outside>>) -> Result<Json<Value>, Problem> {
    let lines = shop(&outside)?
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
struct Sale {
    item: String,
    payer: String,
    title: Option<String>,
    phone: Option<String>,
}

async fn sell(
    State(outside): State<Arc<Outside>>,
    sale: Result<Json<Sale>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(sale) = sale.map_err(|e| refused(&e.body_text()))?;
    let shop = shop(&outside)?;
    let now = jiff::Timestamp::from_millisecond(outside.now()).map_err(anyhow::Error::from)?;
    let offer = sale.offer(OrderId::new(now, &random()), &outside.options.base_url)?;
    let until = now.checked_add(OFFERED_FOR).unwrap_or(now);
    let sealed = seal(shop.seal_secret.expose_secret().as_bytes(), &offer, until)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let url = at_gateway(shop, "/api/payments/checkout/")?;
    passed_on(outside.http.post(url).json(&json!({ "offer": sealed }))).await
}

impl Sale {
    fn offer(self, order_id: OrderId, home: &str) -> Result<Offer, Problem> {
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
            .map_err(|e| refused(&e.to_string()))?;
        let title = title
            .filter(|title| !title.trim().is_empty())
            .unwrap_or_else(|| item.clone());
        let payer = payer.trim().to_owned();
        if payer.is_empty() || payer.contains('/') {
            return Err(refused(
                "Say who pays: an id as the product has it, without a slash.",
            ));
        }
        if [&item, &payer, &title]
            .iter()
            .any(|text| text.chars().count() > LONGEST_TEXT)
        {
            return Err(refused(&format!(
                "At most {LONGEST_TEXT} characters each fit into an offer."
            )));
        }
        let product = item.split('.').next().unwrap_or_default().to_owned();
        let return_url = format!("{home}/ledger?order={order_id}");
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

fn refused(why: &str) -> Problem {
    Problem(StatusCode::BAD_REQUEST, "bad_request", why.to_owned())
}

async fn passed_on(request: reqwest::RequestBuilder) -> Result<Response, Problem> {
    let silent = |error: reqwest::Error| {
        let text = format!("The gateway does not answer: {}", error.without_url());
        Problem(StatusCode::BAD_GATEWAY, "gateway_failed", text)
    };
    let answer = request.timeout(PATIENCE).send().await.map_err(silent)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(silent)?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pages_of_the_ledger_are_passed_on() {
        for known in [
            "orders",
            "flags",
            "orders/ord_1",
            "accounts/studio/usr_1",
            "accounts/studio/%D7%93%D7%A0%D7%94",
        ] {
            assert!(parts(known).is_some(), "{known}");
        }
        for other in [
            "",
            "prices",
            "orders/",
            "orders/..",
            "orders/%2e%2e",
            "orders/.",
            "orders/a/b",
            "accounts/studio",
            "accounts/../orders",
            "accounts/studio/%2e%2e%2fsecret",
            "accounts/studio/a%5cb",
            "accounts/studio/%252e%252e",
            "accounts/studio/%ff",
            "accounts//usr_1",
            "/orders",
            "http://example.com/orders",
        ] {
            assert_eq!(parts(other), None, "{other}");
        }
    }

    fn sale(payer: &str) -> Sale {
        Sale {
            item: "studio.lite".into(),
            payer: payer.into(),
            title: None,
            phone: Some(" ".into()),
        }
    }

    #[test]
    fn an_offer_is_as_a_product_would_make_it() {
        let id = OrderId::new(jiff::Timestamp::UNIX_EPOCH, &random());
        let offer = sale(" usr_1 ").offer(id, "http://127.0.0.1:7070").unwrap();
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
                sale(payer).offer(id, "http://127.0.0.1:7070").is_err(),
                "{payer}"
            );
        }
    }
}
