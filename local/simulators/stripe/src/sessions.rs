//! Checkout sessions: created by the app for one payment, and ended by payment, request or expiry.

use serde_json::Value;

use crate::{
    api_error::ApiError,
    form::Form,
    ids,
    objects::{ObjectKind, Session, SessionInternals, SessionPayment, SessionStatus},
    pay::{self, MAX_AMOUNT},
    unit_of_work::UnitOfWork,
};

const KNOWN_FIELDS: [&str; 9] = [
    "mode",
    "line_items",
    "success_url",
    "cancel_url",
    "client_reference_id",
    "metadata",
    "payment_intent_data",
    "expires_at",
    "expand",
];
const CURRENCIES: [&str; 4] = ["usd", "eur", "gbp", "ils"];
const MIN_AMOUNT: i64 = 50;
const MIN_SESSION_TTL_S: i64 = 30 * 60;
const MAX_SESSION_TTL_S: i64 = 24 * 60 * 60;

pub(crate) fn create(unit: &mut UnitOfWork<'_, '_>, form: &Form) -> Result<Value, ApiError> {
    let older = unit
        .version
        .takes_payment_method_types()
        .then_some("payment_method_types");
    form.check_names(&KNOWN_FIELDS.into_iter().chain(older).collect::<Vec<_>>())?;
    if form.required(&["mode"])? != "payment" {
        return Err(ApiError::bad("Only the mode payment is known here.").param("mode"));
    }
    let reference = form.text(&["client_reference_id"]);
    if reference.is_some_and(|reference| reference.chars().count() > 200) {
        return Err(
            ApiError::bad("Invalid string: must be at most 200 characters")
                .param("client_reference_id"),
        );
    }
    let line_items = line_items(form)?;
    let id = ids::new_id("cs_test", 58);
    let session = Session {
        amount_subtotal: line_items.total,
        amount_total: line_items.total,
        cancel_url: form
            .text(&["cancel_url"])
            .map(|url| address(url, "cancel_url"))
            .transpose()?,
        client_reference_id: reference.map(str::to_owned),
        created: unit.seconds(),
        currency: line_items.currency,
        customer: None,
        customer_details: None,
        expires_at: expiry(form, unit.seconds())?,
        invoice: None,
        livemode: false,
        metadata: form.metadata(&["metadata"])?,
        mode: "payment".into(),
        payment_intent: None,
        payment_link: None,
        payment_method_types: vec!["card".into()],
        payment_status: SessionPayment::Unpaid,
        status: SessionStatus::Open,
        subscription: None,
        success_url: address(form.required(&["success_url"])?, "success_url")?,
        url: Some(format!("{}/pay/{id}", unit.base_url)),
        internals: SessionInternals {
            title: line_items.title,
            payment_metadata: form.metadata(&["payment_intent_data", "metadata"])?,
            settlement: None,
        },
        id,
    };
    unit.save(&session)?;
    unit.wire(session)
}

pub(crate) fn expire(
    unit: &mut UnitOfWork<'_, '_>,
    id: &str,
    form: &Form,
) -> Result<Value, ApiError> {
    form.check_names(&["expand"])?;
    let session = unit.session(id)?;
    if session.status != SessionStatus::Open {
        let message = "Only Checkout Sessions with a status in [\"open\"] can be expired.";
        return Err(ApiError::bad(message).kept());
    }
    pay::expire(unit, session)?;
    unit.wire(unit.get(ObjectKind::Session, id)?)
}

struct LineItems {
    title: String,
    total: i64,
    currency: String,
}

fn line_items(form: &Form) -> Result<LineItems, ApiError> {
    let count = form.length("line_items");
    if !(1..=100).contains(&count) {
        return Err(ApiError::bad("Missing required param: line_items.")
            .code("parameter_missing")
            .param("line_items"));
    }
    let (mut titles, mut total, mut currencies) = (Vec::new(), 0_i64, Vec::new());
    for item in 0..count {
        let item = item.to_string();
        let required = |names: &[&str]| form.required(&[&["line_items", &item], names].concat());
        let positive = |names: &[&str]| -> Result<i64, ApiError> {
            let text = required(names)?;
            text.parse()
                .ok()
                .filter(|number| (1..=MAX_AMOUNT).contains(number))
                .ok_or_else(|| {
                    ApiError::bad(format!("Invalid positive integer: {text}"))
                        .code("parameter_invalid_integer")
                })
        };
        titles.push(required(&["price_data", "product_data", "name"])?.to_owned());
        currencies.push(required(&["price_data", "currency"])?.to_ascii_lowercase());
        let amount =
            positive(&["price_data", "unit_amount"])?.saturating_mul(positive(&["quantity"])?);
        total = total.saturating_add(amount);
    }
    let currency = currencies.swap_remove(0);
    if !CURRENCIES.contains(&currency.as_str()) {
        return Err(ApiError::bad(format!("Invalid currency: {currency}."))
            .param("line_items[0][price_data][currency]"));
    }
    if currencies.iter().any(|other| *other != currency) {
        return Err(ApiError::bad(
            "All prices on a Checkout Session must have the same currency.",
        ));
    }
    if total < MIN_AMOUNT {
        let message = "The Checkout Session's total amount due must add up to at least 50 of the smallest unit.";
        return Err(ApiError::bad(message).code("amount_too_small"));
    }
    if total > MAX_AMOUNT {
        return Err(
            ApiError::bad("Amount must be no more than 999,999.99.").code("amount_too_large")
        );
    }
    Ok(LineItems {
        title: titles.join(", "),
        total,
        currency,
    })
}

fn address(url: &str, param: &str) -> Result<String, ApiError> {
    let known = url
        .parse::<reqwest::Url>()
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if known {
        Ok(url.to_owned())
    } else {
        Err(ApiError::bad("Not a valid URL")
            .code("url_invalid")
            .param(param))
    }
}

fn expiry(form: &Form, now: i64) -> Result<i64, ApiError> {
    let Some(expires_at) = form.integer(&["expires_at"])? else {
        return Ok(now + MAX_SESSION_TTL_S);
    };
    let bound = match expires_at {
        at if at < now + MIN_SESSION_TTL_S => "at least 30 minutes",
        at if at > now + MAX_SESSION_TTL_S => "less than 24 hours",
        at => return Ok(at),
    };
    let message =
        format!("The `expires_at` timestamp must be {bound} from Checkout Session creation.");
    Err(ApiError::bad(message).param("expires_at"))
}
