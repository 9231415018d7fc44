//! The worker of product requests: refunds, and credits of delivered orders.
//!
//! Requests come in any order and any number of times. The order's state decides, and each step is
//! taken once.

use std::sync::Arc;

use confab_contracts::{
    Event,
    payments::{CreditUsed, RefundRequested, Spend},
};
use confab_core::{Error, OrderId, Result, SpendId};
use confab_lambda::{QueueMessage, metrics};
use confab_stripe::{RefundStatus, StripeError};
use payments_domain::{CreditUse, Notice, Order, RefundStep};
use serde::Deserialize;

use crate::{
    services::{notices::QueuedNotice, stripe_retry::with_idempotency_key},
    state::{Part, State},
    store::{OrderRow, SpendOutcome},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Stripe,
    Part::Queue,
    Part::DynamoDbConnection,
];

/// Attempts to take the credits of an order that is booked at the same time. More are left to
/// redelivery.
const MAX_CAS_ATTEMPTS: usize = 4;

/// A request, as EventBridge puts it on the queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "detail-type", content = "detail", rename_all = "snake_case")]
pub enum Request {
    RefundRequested(Event<RefundRequested>),
    CreditUsed(Event<CreditUsed>),
}

pub async fn handle(state: Arc<State>, message: QueueMessage<Request>) -> Result<()> {
    match message.body {
        Request::RefundRequested(event) => refund(&state, &event.of_known_version()?).await,
        Request::CreditUsed(event) => take_credits(&state, &event.of_known_version()?).await,
    }
}

/// Returns the order if the product sold it, and counts a request about any other.
async fn order_of_product(state: &State, product: &str, id: OrderId) -> Result<Option<OrderRow>> {
    let row = state.store()?.order(id).await?;
    let row = row.filter(|row| row.order.is_sold_by(product));
    if row.is_none() {
        metrics::count("PaymentRequestIgnored", "no_such_order");
    }
    Ok(row)
}

/// Stores the request in the order first, then refunds if there is money. A booking that finds a
/// stored request announces it again when it falls due, so a payment and a request that race are
/// not lost.
async fn refund(state: &State, event: &Event<RefundRequested>) -> Result<()> {
    let RefundRequested {
        order_id,
        product,
        reason,
    } = &event.data;
    let Some(row) = order_of_product(state, product, *order_id).await? else {
        return Ok(());
    };
    let order = update_order(state, row, event, |order| order.request_refund(reason)).await?;
    if !order.is_refund_due() {
        // The notice of a payment may be late.
        let may_be_paid =
            order.refund.is_some() && !order.state.is_settled() && order.checkout.is_some();
        if may_be_paid {
            queue_check(state, event, "wanted").await?;
        }
        return Ok(());
    }
    let answer = refund_at_stripe(state, &order).await?;
    // The refund is booked even if its webhook is lost.
    queue_check(state, event, "answered").await?;
    let Some(row) = order_of_product(state, product, *order_id).await? else {
        return Ok(());
    };
    let record = |order: Order| order.record_refund_answer(answer.clone());
    update_order(state, row, event, record).await.map(drop)
}

/// Refunds the rest of a payment. Concurrent requests share one key, so there is one refund. A
/// repeated request under a forgotten key is harmless: it names no amount, and nothing is left to
/// refund.
async fn refund_at_stripe(state: &State, order: &Order) -> Result<RefundStep> {
    let stripe = state.stripe()?.client().await?;
    let payment = order.payment.as_deref().unwrap_or_default();
    let (stripe, key) = (&stripe, format!("{}:refund", order.id));
    let answer = with_idempotency_key(&key, |key| async move {
        stripe.create_refund(payment, None, &key).await
    })
    .await;
    refund_step(answer.map(|refund| refund.status))
}

/// Converts Stripe's answer. An unknown payment belongs to another account, and is retried until
/// the key is corrected.
fn refund_step(answer: Result<RefundStatus, StripeError>) -> Result<RefundStep> {
    let refused = |code: &str| {
        Ok(RefundStep::Refused {
            code: code.to_owned(),
        })
    };
    match answer {
        Ok(RefundStatus::Failed) => refused("refund_failed"),
        Ok(RefundStatus::Canceled) => refused("refund_canceled"),
        Ok(_) => Ok(RefundStep::Accepted),
        Err(error) if error.may_try_again() || error.is_missing() => {
            Err(Error::unavailable("not_refunded", error))
        }
        Err(StripeError::Refused { code, .. }) if code == "charge_already_refunded" => {
            Ok(RefundStep::Accepted)
        }
        Err(StripeError::Refused { code, .. }) => refused(&code),
        Err(error) => Err(error.into()),
    }
}

async fn update_order(
    state: &State,
    row: OrderRow,
    event: &Event<RefundRequested>,
    step: impl Fn(Order) -> Order,
) -> Result<Order> {
    let store = state.store()?;
    let (order, is_flagged) = store.update_order(row, &event.id.to_string(), step).await?;
    if is_flagged {
        metrics::count("PaymentFlagged", "refund");
    }
    Ok(order)
}

/// Queues a check of the order at its provider.
async fn queue_check(state: &State, event: &Event<RefundRequested>, reason: &str) -> Result<()> {
    let order_id = event.data.order_id;
    let check = QueuedNotice {
        id: format!("check#{order_id}#{reason}#{}", event.id),
        notice: Notice::Check { order_id },
        correlation_id: Some(event.correlation_id),
    };
    state.queue()?.send(&[check.into_entry()?]).await
}

/// Takes the credits of a delivered order once. Too few credits also end it: a late copy must not
/// take credits of a later purchase.
async fn take_credits(state: &State, event: &Event<CreditUsed>) -> Result<()> {
    let CreditUsed { order_id, product } = &event.data;
    let store = state.store()?;
    for _ in 0..MAX_CAS_ATTEMPTS {
        let Some(row) = order_of_product(state, product, *order_id).await? else {
            return Ok(());
        };
        match row.order.credit_use() {
            CreditUse::Take => {}
            CreditUse::Nothing => return Ok(()),
            CreditUse::Revoked => {
                metrics::count("CreditNotTaken", "returned");
                return Ok(());
            }
            CreditUse::NotGranted => {
                metrics::count("CreditNotTaken", "too_few");
                return Ok(());
            }
        }
        let (outcome, _) = store.spend(&spend_of(&row.order), Some(&row)).await?;
        match outcome {
            SpendOutcome::Spent | SpendOutcome::Duplicate => return Ok(()),
            SpendOutcome::OrderChanged => {}
            SpendOutcome::TooFewCredits => {
                metrics::count("CreditNotTaken", "too_few");
                let mark_used = |order| Order {
                    is_used: true,
                    ..order
                };
                let notice_id = event.id.to_string();
                let updated = store.update_order(row, &notice_id, mark_used).await;
                return updated.map(drop);
            }
        }
    }
    Err(Error::unavailable(
        "contended",
        "the order was changed at each attempt",
    ))
}

/// The spend of an order's credits. Its id derives from the order, so that they are taken once.
fn spend_of(order: &Order) -> Spend {
    Spend {
        id: SpendId::of_order(order.id),
        product: order.purchase.product.clone(),
        payer: order.purchase.payer.clone(),
        credits: order.credits,
    }
}

#[cfg(test)]
mod tests {
    use confab_stripe::Again;
    use confab_testkit::sample;

    use super::*;

    fn request(name: &str) -> Request {
        let event = sample("payments", &format!("payments-requests.{name}"));
        serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn samples_are_requests_of_the_studio() {
        let Request::RefundRequested(refund) = request("refund-requested") else {
            panic!("another request")
        };
        assert_eq!(
            (refund.data.product.as_str(), refund.source.as_str()),
            ("studio", "studio")
        );
        let Request::CreditUsed(used) = request("credit-used") else {
            panic!("another request")
        };
        assert_eq!(used.of_known_version().unwrap().data.product, "studio");
    }

    #[test]
    fn unknown_event_version_is_refused() {
        let Request::RefundRequested(event) = request("refund-requested") else {
            panic!("another request")
        };
        assert_eq!(
            Event {
                version: 2,
                ..event
            }
            .of_known_version()
            .unwrap_err()
            .code(),
            "unknown_version"
        );
    }

    #[test]
    fn refund_answers_are_accepted_refused_or_retried() {
        let refused = |code: &str| StripeError::Refused {
            code: code.into(),
            message: String::new(),
        };
        for (answer, step) in [
            (Ok(RefundStatus::Succeeded), RefundStep::Accepted),
            (Ok(RefundStatus::Pending), RefundStep::Accepted),
            (
                Ok(RefundStatus::Failed),
                RefundStep::Refused {
                    code: "refund_failed".into(),
                },
            ),
            (
                Err(refused("charge_already_refunded")),
                RefundStep::Accepted,
            ),
            (
                Err(refused("charge_disputed")),
                RefundStep::Refused {
                    code: "charge_disputed".into(),
                },
            ),
        ] {
            assert_eq!(refund_step(answer.clone()).unwrap(), step, "{answer:?}");
        }
        let busy = StripeError::Busy {
            reason: "simulated".into(),
            again: Again::Later,
        };
        for error in [
            busy,
            StripeError::NotReached("simulated".into()),
            refused("resource_missing"),
        ] {
            assert_eq!(
                refund_step(Err(error)).unwrap_err().kind(),
                confab_core::Kind::Unavailable
            );
        }
    }
}
