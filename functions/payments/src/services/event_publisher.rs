//! Publishes the outbox events of booked orders on the bus.

use confab_aws::Bus;
use confab_contracts::{Contract, Event};
use confab_core::{EffectId, EventId, Result, Timestamp};
use confab_worker::{Effect, EffectOutcome, EffectRunner, Evidence};
use payments_domain::OutboxEvent;

use crate::store::OutboxMessage;

#[derive(Debug)]
pub(crate) struct EventPublisher<'a> {
    pub(crate) bus: &'a Bus,
}

impl EventPublisher<'_> {
    async fn publish<D: Contract>(
        &self,
        id: EffectId,
        message: &OutboxMessage,
        data: D,
    ) -> Result<()> {
        let event = Event::new(
            EventId::of_effect(id),
            id.made_at(),
            "payments",
            message.correlation_id,
            message.causation_id.clone(),
            data,
        );
        self.bus.publish(&[event]).await
    }
}

impl EffectRunner<OutboxMessage> for EventPublisher<'_> {
    async fn perform(&self, effect: &Effect<OutboxMessage>) -> EffectOutcome {
        let (id, message) = (effect.id, &effect.what);
        let published = match message.event.clone() {
            OutboxEvent::Pending(data) => self.publish(id, message, data).await,
            OutboxEvent::Received(data) => self.publish(id, message, data).await,
            OutboxEvent::Refunded(data) => self.publish(id, message, data).await,
            OutboxEvent::Failed(data) => self.publish(id, message, data).await,
            OutboxEvent::RefundRequested(data) => self.publish(id, message, data).await,
        };
        match published {
            Ok(()) => EffectOutcome::Done {
                receipt: EventId::of_effect(id).to_string(),
            },
            Err(error) => EffectOutcome::Later {
                code: 0,
                title: error.to_string(),
                delay: None,
            },
        }
    }

    /// Publishes again rather than losing an event: copies share one id, and subscribers drop those
    /// that they know.
    async fn look_for(&self, _: &Effect<OutboxMessage>, _: Timestamp) -> Result<Evidence> {
        Ok(Evidence::DidNotHappen)
    }
}
