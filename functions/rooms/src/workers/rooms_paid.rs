//! Fulfills purchases once, or has them refunded; takes them back after a refund; and deletes closed rooms.
//!
//! Events of an order arrive in any order and any number of times: the purchase row has its status.

mod closing;
mod fulfillment;

use std::sync::Arc;

use confab_contracts::payments::{PaymentReceived, PaymentRefunded, Purchase};
use confab_core::{CorrelationId, Error, Money, OrderId, Result, Timestamp, UserId};
use confab_lambda::QueueMessage;
use confab_worker::SaveOutcome;
use rooms_domain::{Goods, PurchaseJob, RoomCode};

use self::fulfillment::PurchaseFulfiller;
use crate::{
    state::{Part, State},
    store::{FulfillmentStatus, PurchaseRecord},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Broadcasts,
    Part::Bus,
    Part::Prices,
    Part::DynamoDbConnection,
];

/// Attempts against concurrent changes of the room before the event is delivered again.
const MAX_CAS_ATTEMPTS: usize = 8;

pub async fn handle(state: Arc<State>, job: QueueMessage<PurchaseJob>) -> Result<()> {
    let now = state.clock.now();
    match job.body {
        PurchaseJob::PaymentReceived(event) => {
            let event = event.of_known_version()?;
            let PaymentReceived {
                order_id,
                purchase,
                amount,
                ..
            } = event.data;
            let order = PaidOrder::new(order_id, &purchase, amount, now, event.correlation_id)?;
            let fulfiller = PurchaseFulfiller::new(&state, &order)?;
            retry_conflicts(|| fulfiller.fulfill()).await
        }
        PurchaseJob::PaymentRefunded(event) => {
            let event = event.of_known_version()?;
            let PaymentRefunded {
                order_id,
                purchase,
                returned,
                is_all,
                ..
            } = event.data;
            if !is_all {
                return Ok(());
            }
            let order = PaidOrder::new(order_id, &purchase, returned, now, event.correlation_id)?;
            let fulfiller = PurchaseFulfiller::new(&state, &order)?;
            retry_conflicts(|| fulfiller.take_back()).await
        }
        PurchaseJob::RoomClosed(event) => {
            closing::delete_room(&state, event.of_known_version()?, job.time_left).await
        }
    }
}

async fn retry_conflicts<F: Future<Output = Result<SaveOutcome>>>(
    attempt: impl Fn() -> F,
) -> Result<()> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        if attempt().await? == SaveOutcome::Saved {
            return Ok(());
        }
    }
    Err(contended())
}

fn contended() -> Error {
    Error::unavailable("contended", "the room was changed at each attempt")
}

/// An order of this service, from an event of payments.
struct PaidOrder {
    room: RoomCode,
    order: OrderId,
    payer: UserId,
    goods: Goods,
    price: Money,
    at: Timestamp,
    correlation_id: CorrelationId,
}

impl PaidOrder {
    /// Unknown goods are an error, which alarms: money was taken for them.
    fn new(
        order: OrderId,
        purchase: &Purchase,
        price: Money,
        at: Timestamp,
        correlation_id: CorrelationId,
    ) -> Result<Self> {
        let unknown = || Error::internal("unknown_goods", order.to_string());
        let (room, payer, goods) = Goods::from_purchase(purchase).ok_or_else(unknown)?;
        Ok(Self {
            room,
            order,
            payer,
            goods,
            price,
            at,
            correlation_id,
        })
    }

    fn with_status(&self, status: FulfillmentStatus) -> PurchaseRecord {
        PurchaseRecord {
            order: self.order,
            payer: self.payer,
            username: None,
            goods: self.goods,
            price: self.price,
            at: self.at,
            status,
            refund_reason: None,
            tip_seq: None,
        }
    }
}

#[cfg(test)]
mod tests;
