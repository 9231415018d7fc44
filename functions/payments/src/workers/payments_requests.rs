//! The worker of what products ask for on the bus: that money goes back, and that the credits of what they delivered
//! are used. Requests come in any order and any number of times; what the order says decides, and each step of it is
//! taken once.

use std::sync::Arc;

use confab_contracts::{
    Event,
    payments::{CreditUsed, RefundRequested, Spend},
};
use confab_core::{Error, OrderId, Result, SpendId};
use confab_lambda::{QueueMessage, metrics};
use confab_stripe::{RefundStatus, StripeError};
use payments_domain::{Notice, Order, RefundStep};
use serde::Deserialize;

use crate::{
    Requests,
    routes::payment_received::Found,
    services::stripe_retry::once,
    store::{OrderRow, Spent},
};

/// An event as EventBridge hands it over.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "detail-type", content = "detail", rename_all = "snake_case")]
pub enum Request {
    RefundRequested(Event<RefundRequested>),
    CreditUsed(Event<CreditUsed>),
}

/// Races for an order are lost to its booking: more than this many in a row are left to redelivery.
const RACES: usize = 4;

pub async fn handle(deps: Arc<Requests>, job: QueueMessage<Request>) -> Result<()> {
    match job.body {
        Request::RefundRequested(event) => deps.give_back(&event.of_known_version()?).await,
        Request::CreditUsed(event) => deps.use_up(&event.of_known_version()?).await,
    }
}

impl Requests {
    /// None, and counted, when the product has no such order: what was not sold by it is not its to decide about.
    async fn order_of(&self, product: &str, id: OrderId) -> Result<Option<OrderRow>> {
        let row = self
            .store
            .order(id)
            .await?
            .filter(|row| row.order.purchase.product == product);
        if row.is_none() {
            metrics::count("PaymentRequestIgnored", "no_such_order");
        }
        Ok(row)
    }

    /// The wish is kept in the order before anything else, and not tried again until there is money: a bank may take
    /// days, and a queue has given up after hours. When the money is booked, or a bank has lost its dispute, the booking
    /// finds the wish and asks here again (`Tell::RefundRequested`). From the wish on nothing can be lost: of a payment
    /// and a wish that come at once one is saved after the other, and sees it.
    async fn give_back(&self, event: &Event<RefundRequested>) -> Result<()> {
        let RefundRequested {
            order_id,
            product,
            reason,
        } = &event.data;
        let Some(row) = self.order_of(product, *order_id).await? else {
            return Ok(());
        };
        let order = self
            .change(row, event, |order| order.refund_wanted(reason))
            .await?;
        if !order.owes_refund() {
            // Perhaps it was paid, and nobody has told us yet.
            let may_be_paid =
                order.refund.is_some() && !order.state.is_settled() && order.checkout.is_some();
            return if may_be_paid {
                self.look_again(event, "wanted").await
            } else {
                Ok(())
            };
        }
        let answer = self.ask_stripe(&order).await?;
        // The books are Stripe's word, whether a webhook brings it or not.
        self.look_again(event, "answered").await?;
        let Some(row) = self.order_of(product, *order_id).await? else {
            return Ok(());
        };
        self.change(row, event, |order| order.refund_answered(answer.clone()))
            .await
            .map(drop)
    }

    /// Two who ask at once ask with one key, so there is one refund. When Stripe has forgotten the key, what was asked
    /// for does not change either: no amount is named, which is all that is left, and of nothing nothing goes back.
    async fn ask_stripe(&self, order: &Order) -> Result<RefundStep> {
        let stripe = self.stripe.client().await?;
        let payment = order.payment.as_deref().unwrap_or_default();
        let (stripe, key) = (&stripe, format!("{}:refund", order.id));
        let answer = once(&key, |key| async move {
            stripe.create_refund(payment, None, &key).await
        })
        .await;
        step_of(answer.map(|refund| refund.status))
    }

    async fn change(
        &self,
        row: OrderRow,
        event: &Event<RefundRequested>,
        step: impl Fn(Order) -> Order,
    ) -> Result<Order> {
        let (order, is_news) = self.store.change(row, &event.id.to_string(), step).await?;
        if is_news {
            metrics::count("PaymentFlagged", "refund");
        }
        Ok(order)
    }

    async fn look_again(&self, event: &Event<RefundRequested>, why: &str) -> Result<()> {
        let order_id = event.data.order_id;
        let found = Found {
            event: format!("check#{order_id}#{why}#{}", event.id),
            notice: Notice::Check { order_id },
            correlation_id: Some(event.correlation_id),
        };
        self.queue.send(&[found.entry()?]).await
    }

    /// What it comes to is kept with the order, whether there was enough or not: a copy that comes after the person has
    /// bought something else must not take of that.
    async fn use_up(&self, event: &Event<CreditUsed>) -> Result<()> {
        let CreditUsed { order_id, product } = &event.data;
        for _ in 0..RACES {
            let Some(row) = self.order_of(product, *order_id).await? else {
                return Ok(());
            };
            let order = &row.order;
            if order.used || order.credits == 0 {
                return Ok(());
            }
            if order.taken_back || !order.granted {
                metrics::count(
                    "CreditNotTaken",
                    if order.taken_back {
                        "returned"
                    } else {
                        "too_few"
                    },
                );
                return Ok(());
            }
            let spend = Spend {
                id: SpendId::of_order(order.id),
                product: order.purchase.product.clone(),
                payer: order.purchase.payer.clone(),
                credits: order.credits,
            };
            match self.store.spend(&spend, Some(&row)).await?.0 {
                Spent::Now | Spent::Before => return Ok(()),
                Spent::Raced => {}
                Spent::TooLittle => {
                    metrics::count("CreditNotTaken", "too_few");
                    let used = |order| Order {
                        used: true,
                        ..order
                    };
                    return self
                        .store
                        .change(row, &event.id.to_string(), used)
                        .await
                        .map(drop);
                }
            }
        }
        Err(Error::unavailable(
            "contended",
            "the order was changed at each attempt",
        ))
    }
}

/// What Stripe does not know at all is another account's: that waits for its key. What it refuses is a person's.
fn step_of(answer: Result<RefundStatus, StripeError>) -> Result<RefundStep> {
    let refused = |code: &str| {
        Ok(RefundStep::Refused {
            code: code.to_owned(),
        })
    };
    match answer {
        Ok(RefundStatus::Failed) => refused("refund_failed"),
        Ok(RefundStatus::Canceled) => refused("refund_canceled"),
        Ok(_) => Ok(RefundStep::Made),
        Err(error) if error.may_try_again() || error.is_missing() => {
            Err(Error::unavailable("not_refunded", error))
        }
        Err(StripeError::Refused { code, .. }) if code == "charge_already_refunded" => {
            Ok(RefundStep::Made)
        }
        Err(StripeError::Refused { code, .. }) => refused(&code),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use confab_stripe::Again;
    use confab_testkit::sample;

    use super::*;

    fn asked(name: &str) -> Request {
        let event = sample("payments", &format!("payments-requests.{name}"));
        serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap()
    }

    #[test]
    fn the_samples_are_requests_of_the_studio() {
        let Request::RefundRequested(refund) = asked("refund-requested") else {
            panic!("another request")
        };
        assert_eq!(
            (refund.data.product.as_str(), refund.source.as_str()),
            ("studio", "studio")
        );
        let Request::CreditUsed(used) = asked("credit-used") else {
            panic!("another request")
        };
        assert_eq!(used.of_known_version().unwrap().data.product, "studio");
    }

    #[test]
    fn a_version_that_nobody_knows_is_not_guessed_at() {
        let Request::RefundRequested(event) = asked("refund-requested") else {
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
    fn an_answer_is_final_a_persons_or_no_answer() {
        let refused = |code: &str| StripeError::Refused {
            code: code.into(),
            message: String::new(),
        };
        for (answer, step) in [
            (Ok(RefundStatus::Succeeded), RefundStep::Made),
            (Ok(RefundStatus::Pending), RefundStep::Made),
            (
                Ok(RefundStatus::Failed),
                RefundStep::Refused {
                    code: "refund_failed".into(),
                },
            ),
            (Err(refused("charge_already_refunded")), RefundStep::Made),
            (
                Err(refused("charge_disputed")),
                RefundStep::Refused {
                    code: "charge_disputed".into(),
                },
            ),
        ] {
            assert_eq!(step_of(answer.clone()).unwrap(), step, "{answer:?}");
        }
        let busy = StripeError::Busy {
            reason: "on purpose".into(),
            again: Again::Later,
        };
        for error in [
            busy,
            StripeError::NotReached("on purpose".into()),
            refused("resource_missing"),
        ] {
            assert_eq!(
                step_of(Err(error)).unwrap_err().kind(),
                confab_core::Kind::Unavailable
            );
        }
    }
}
