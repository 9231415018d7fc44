//! `POST /payment-received`, `POST /api/payments/webhook/` and `POST /payment-received/{secret}`:
//! webhooks of providers.
//!
//! Verifies the signature over the raw bytes, queues the notice, answers 2xx. The worker finds out
//! what it means.

use std::sync::Arc;

use confab_core::{Error, Result, hex};
use confab_lambda::{ApiRequest, Response, Router, extract::Whole, metrics, response};
use confab_provider_base::generic;
use confab_stripe as stripe;
use confab_sumit as sumit;
use http::StatusCode;
use payments_domain::{Notice, PaymentReport, item_from_title};
use sha2::{Digest, Sha256};

use crate::{
    config::{GENERIC_WEBHOOK_SECRET, STRIPE_WEBHOOK_SECRET, WEBHOOK_PATH_SECRET},
    services::notices::QueuedNotice,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Queue, Part::WebhookSecrets, Part::SqsConnection];

/// An event of Stripe holds one object each.
const MAX_BODY_BYTES: usize = 1024 * 1024;
const MAX_PAYMENT_ID_BYTES: usize = 255;

pub fn routes() -> Router<State> {
    Router::new()
        .route("POST /payment-received", receive_notice)
        .route("POST /payment-received/{secret}", receive_notice)
        .route("POST /api/payments/webhook/", receive_notice)
}

async fn receive_notice(state: Arc<State>, Whole(request): Whole) -> Result<Response> {
    if request.body().len() > MAX_BODY_BYTES {
        return Err(Error::too_large("A notice has at most 1 MB."));
    }
    let notice = if let Some(signature) = request.header("stripe-signature") {
        verify_stripe(&state, request.body(), signature).await?;
        QueuedNotice::from_stripe(stripe::parse(request.body())?)
    } else if let Some(signature) = request.header("x-signature") {
        verify_generic(&state, request.body(), signature).await?;
        Some(parse_report(request.body())?)
    } else {
        verify_path(&state, &request).await?;
        Some(parse_sumit(request.body())?)
    };
    match notice {
        Some(notice) => state.queue()?.send(&[notice.into_entry()?]).await?,
        None => metrics::count("PaymentNoticeIgnored", "unknown"),
    }
    Ok(response::empty(StatusCode::OK))
}

async fn verify_stripe(state: &State, body: &[u8], signature: &str) -> Result<()> {
    let secrets = state.secrets()?.active(STRIPE_WEBHOOK_SECRET).await?;
    let verified = stripe::verify(&secrets, body, Some(signature), state.clock.now());
    verified.map(drop).map_err(count_rejection)
}

async fn verify_generic(state: &State, body: &[u8], signature: &str) -> Result<()> {
    let secrets = state.secrets()?.active(GENERIC_WEBHOOK_SECRET).await?;
    let verified = generic::verify(&secrets, body, Some(signature), state.clock.now());
    verified.map(drop).map_err(count_rejection)
}

/// SUMIT does not sign: the last segment of the path that it calls is the secret.
async fn verify_path(state: &State, request: &ApiRequest) -> Result<()> {
    let secret = request.path_parameters.first();
    let secret = secret.map(String::as_str).unwrap_or_default();
    let verified = state.secrets()?.verify(WEBHOOK_PATH_SECRET, secret).await;
    match verified {
        Ok(true) => Ok(()),
        Ok(false) => Err(count_rejection(Error::unauthenticated(
            "This notice is not signed.",
        ))),
        Err(error) => Err(count_rejection(error)),
    }
}

/// Counts an unverifiable request. Nothing else of it is kept.
fn count_rejection(error: Error) -> Error {
    metrics::count("WebhookRejected", "signature");
    error
}

fn parse_report(body: &[u8]) -> Result<QueuedNotice> {
    let report: PaymentReport = serde_json::from_slice(body)
        .map_err(|e| Error::invalid("bad_notice", "The notice cannot be read.").with_source(e))?;
    if report.payment.is_empty() || report.payment.len() > MAX_PAYMENT_ID_BYTES {
        return Err(Error::invalid(
            "bad_notice",
            "The payment's id has 1 to 255 bytes.",
        ));
    }
    // A report has no id: equal bytes are the same report.
    let id = format!("generic#{}", hex(&Sha256::digest(body)));
    Ok(QueuedNotice {
        id,
        notice: Notice::Generic(report),
        correlation_id: None,
    })
}

fn parse_sumit(body: &[u8]) -> Result<QueuedNotice> {
    let trigger = sumit::parse(body)?;
    let id = format!("sumit#{}", trigger.entity_id);
    let item = trigger.product.as_deref().and_then(item_from_title);
    let notice = Notice::Sumit {
        entity: trigger.entity_id,
        phone: trigger.phone,
        item,
    };
    Ok(QueuedNotice {
        id,
        notice,
        correlation_id: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_core::{Currency, Money};

    fn report(payment: &str) -> Result<QueuedNotice> {
        let body = format!(
            r#"{{"order_id":"ord_00000000000000000000000000","payment":"{payment}","received":{{"minor":1900,"currency":"USD"}}}}"#
        );
        parse_report(body.as_bytes())
    }

    #[test]
    fn equal_reports_have_one_id_and_other_reports_another() {
        let first = report("p-1").unwrap();
        assert_eq!(first.id, report("p-1").unwrap().id);
        assert_ne!(first.id, report("p-2").unwrap().id);
        let Notice::Generic(report) = first.notice else {
            panic!("another notice")
        };
        assert_eq!(report.received, Some(Money::new(1_900, Currency::Usd)));
    }

    #[test]
    fn reports_without_a_usable_payment_id_are_refused() {
        for payment in ["", &"p".repeat(256)] {
            let error = report(payment).err().unwrap();
            assert_eq!(error.code(), "bad_notice");
        }
    }

    #[test]
    fn stripe_events_without_money_of_ours_are_ignored() {
        let event = |kind: &str, intent: &str| {
            let body = format!(
                r#"{{"id":"evt_1","object":"event","type":"{kind}","data":{{"object":{{"id":"ch_1","object":"charge"{intent}}}}}}}"#
            );
            QueuedNotice::from_stripe(stripe::parse(body.as_bytes()).unwrap())
        };
        let intent = r#","payment_intent":"pi_1""#;
        assert!(event("charge.refunded", intent).is_some());
        assert!(event("charge.refunded", "").is_none());
        assert!(event("customer.created", intent).is_none());
    }
}
