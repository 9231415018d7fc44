//! The worker of the queue of notices: reads the snapshot of an order, books it, and publishes
//! events for the products.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::QueueMessage;
use confab_worker::{Decision, WorkerContext, work};
use payments_domain::{Job, book};

use crate::{
    services::{booking_store::BookingStore, event_publisher::EventPublisher},
    state::{Part, State},
    store::{BookingState, OutboxMessage, ReceivedNotice},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Stripe,
    Part::Bus,
    Part::DynamoDbConnection,
];

pub async fn handle(state: Arc<State>, message: QueueMessage<Job>) -> Result<()> {
    let Job::V1 { notice_id, notice } = message.body;
    let received = ReceivedNotice {
        id: notice_id,
        notice,
    };
    let store = BookingStore {
        store: state.store()?,
        stripe: state.stripe()?,
        clock: &*state.clock,
    };
    let publisher = EventPublisher { bus: state.bus()? };
    let context = WorkerContext {
        clock: &*state.clock,
        entropy: &state.entropy,
        time_left: message.time_left,
    };
    work(&received, &store, &publisher, context, |booking| {
        decide(booking, &received)
    })
    .await
}

fn decide(
    mut state: BookingState,
    received: &ReceivedNotice,
) -> Decision<BookingState, OutboxMessage> {
    let (Some(row), Some(snapshot)) = (state.order(), &state.snapshot) else {
        return Decision {
            state,
            effects: Vec::new(),
        };
    };
    let booking = book(row.order.clone(), snapshot);
    let events = booking.events.iter().cloned();
    let effects = events
        .map(|event| OutboxMessage {
            order_id: booking.order.id,
            correlation_id: booking.order.correlation_id,
            causation_id: received.id.clone(),
            event,
        })
        .collect();
    state.booking = Some(booking);
    Decision { state, effects }
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_testkit::sample;
    use payments_domain::Notice;

    #[test]
    fn sample_is_a_notice_of_stripe() {
        let event = sample("payments", "payments-book.stripe-paid");
        let body = event["Records"][0]["body"].as_str().unwrap();
        let Job::V1 { notice_id, notice } = serde_json::from_str(body).unwrap();
        assert_eq!(notice_id, "stripe#evt_1QrPaid");
        assert!(matches!(
            notice,
            Notice::Stripe {
                order_id: Some(_),
                checkout: Some(_),
                payment: None
            }
        ));
    }
}
