//! The worker of the queue of payments: asks how an order stands, books it, and tells the products.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::QueueMessage;
use confab_worker::{Decision, WorkerContext, work};
use payments_domain::{Job, book};

use crate::{
    Worker,
    services::booking_store::{Case, Event},
    services::event_publisher::Telling,
};

pub async fn handle(deps: Arc<Worker>, delivery: QueueMessage<Job>) -> Result<()> {
    let Job::V1 { event: id, notice } = delivery.body;
    let event = Event { id, notice };
    let shift = WorkerContext {
        clock: &deps.clock,
        entropy: &deps.entropy,
        time_left: delivery.time_left,
    };
    work(&event, &deps.books, &deps.announcer, shift, |case| {
        decide(case, &event)
    })
    .await
}

fn decide(mut case: Case, event: &Event) -> Decision<Case, Telling> {
    let (Some(row), Some(standing)) = (case.order(), &case.standing) else {
        return Decision {
            state: case,
            effects: Vec::new(),
        };
    };
    let booked = book(row.order.clone(), standing);
    let telling = |tell| Telling {
        order_id: booked.order.id,
        correlation_id: booked.order.correlation_id,
        cause: event.id.clone(),
        tell,
    };
    let effects = booked.tell.iter().cloned().map(telling).collect();
    case.booked = Some(booked);
    Decision {
        state: case,
        effects,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use confab_testkit::sample;
    use payments_domain::Notice;

    #[test]
    fn the_sample_is_a_notice_of_stripe() {
        let event = sample("payments", "payments-book.stripe-paid");
        let body = event["Records"][0]["body"].as_str().unwrap();
        let Job::V1 { event, notice } = serde_json::from_str(body).unwrap();
        assert_eq!(event, "stripe#evt_1QrPaid");
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
