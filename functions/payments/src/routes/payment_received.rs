//! `POST /payment-received`, and `/api/payments/webhook/`, its other name: what payment providers are told to call.
//! Verifies over the bytes as they came, queues, answers 2xx. What a notice means is found out by the worker.

use std::sync::Arc;

use confab_aws::Entry;
use confab_core::{Clock, CorrelationId, Error, Result, hex};
use confab_lambda::{ApiRequest, Response, metrics, response};
use confab_provider_base::generic;
use confab_stripe as stripe;
use confab_stripe::Subject;
use confab_sumit as sumit;
use http::StatusCode;
use payments_domain::{Claim, Job, Notice, group_of, item_of_title};
use sha2::{Digest, Sha256};

use crate::{
    Webhook,
    config::{GENERIC_WEBHOOK, SECRET_PATH, STRIPE_WEBHOOK},
};

/// Stripe's events hold one object each.
const LARGEST: usize = 1024 * 1024;
const LONGEST_ID: usize = 255;

/// The events of Stripe's that money follows.
pub(crate) const MONEY: [&str; 16] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
];

pub async fn handle(deps: Arc<Webhook>, call: ApiRequest) -> Result<Response> {
    if call.body().len() > LARGEST {
        return Err(Error::too_large("A notice has at most 1 MB."));
    }
    let now = deps.clock.now();
    let found = if let Some(header) = call.header("stripe-signature") {
        let secrets = deps.keys.active(STRIPE_WEBHOOK).await?;
        stripe::verify(&secrets, call.body(), Some(header), now).map_err(rejected)?;
        noticed(stripe::parse(call.body())?)
    } else if let Some(header) = call.header("x-signature") {
        let secrets = deps.keys.active(GENERIC_WEBHOOK).await?;
        generic::verify(&secrets, call.body(), Some(header), now).map_err(rejected)?;
        Some(from_anybody(call.body())?)
    } else {
        knows_the_path(&deps, &call).await.map_err(rejected)?;
        Some(from_sumit(call.body())?)
    };
    match found {
        Some(found) => deps.queue.send(&[found.entry()?]).await?,
        None => metrics::count("PaymentNoticeIgnored", "unknown"),
    }
    Ok(response::empty(StatusCode::OK))
}

/// A notice, and the key under which its copies are known.
pub(crate) struct Found {
    pub(crate) event: String,
    pub(crate) notice: Notice,
    pub(crate) correlation_id: Option<CorrelationId>,
}

impl Found {
    pub(crate) fn entry(self) -> Result<Entry> {
        let Self {
            event,
            notice,
            correlation_id,
        } = self;
        let correlation_id = correlation_id.unwrap_or_else(|| CorrelationId::of_event(&event));
        let group = group_of(&event, &notice);
        Entry::fifo(
            &group,
            &event,
            &Job::V1 {
                event: event.clone(),
                notice,
            },
            correlation_id,
        )
    }
}

/// None: nothing that has to do with money.
pub(crate) fn noticed(notice: stripe::Notice) -> Option<Found> {
    if !MONEY.contains(&notice.kind.as_str()) {
        return None;
    }
    let checkout = match notice.subject {
        Subject::Checkout(id) => Some(id),
        // Ours are made through payment intents.
        _ => {
            notice.payment_intent.as_ref()?;
            None
        }
    };
    Some(Found {
        event: format!("stripe#{}", notice.id),
        correlation_id: notice.correlation_id,
        notice: Notice::Stripe {
            order_id: notice.order_id.and_then(|id| id.parse().ok()),
            checkout,
            payment: notice.payment_intent,
        },
    })
}

fn from_anybody(body: &[u8]) -> Result<Found> {
    let claim: Claim = serde_json::from_slice(body)
        .map_err(|e| Error::invalid("bad_notice", "The notice cannot be read.").with_source(e))?;
    if claim.payment.is_empty() || claim.payment.len() > LONGEST_ID {
        return Err(Error::invalid(
            "bad_notice",
            "The payment's id has 1 to 255 bytes.",
        ));
    }
    // A claim has no id of its own: what it says is what it is.
    let event = format!("generic#{}", hex(&Sha256::digest(body)));
    Ok(Found {
        event,
        notice: Notice::Generic(claim),
        correlation_id: None,
    })
}

fn from_sumit(body: &[u8]) -> Result<Found> {
    let trigger = sumit::parse(body)?;
    let event = format!("sumit#{}", trigger.entity_id);
    let item = trigger.product.as_deref().and_then(item_of_title);
    let notice = Notice::Sumit {
        entity: trigger.entity_id,
        phone: trigger.phone,
        item,
    };
    Ok(Found {
        event,
        notice,
        correlation_id: None,
    })
}

/// SUMIT does not sign: what it was told to call ends in a secret.
async fn knows_the_path(deps: &Webhook, call: &ApiRequest) -> Result<()> {
    let told = call
        .path()
        .strip_prefix("/payment-received/")
        .unwrap_or_default();
    let known = deps.keys.verify(SECRET_PATH, told).await?;
    known
        .then_some(())
        .ok_or_else(|| Error::unauthenticated("This notice is not signed."))
}

/// Nothing of an unverifiable request is kept but this count.
fn rejected(error: Error) -> Error {
    metrics::count("WebhookRejected", "signature");
    error
}
