//! The world of the worker that books: the other services, who hear of it on the bus.

use confab_aws::Bus;
use confab_contracts::{Contract, Event};
use confab_core::{CorrelationId, EffectId, EventId, OrderId, Result, Timestamp};
use confab_worker::{Effect, EffectOutcome, EffectRunner, Evidence};
use payments_domain::Tell;

#[derive(Debug)]
pub(crate) struct Announcer {
    pub(crate) bus: Bus,
}

/// What the products are to be told, and in which trace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Telling {
    pub(crate) order_id: OrderId,
    pub(crate) correlation_id: CorrelationId,
    /// The notice that led to it.
    pub(crate) cause: String,
    pub(crate) tell: Tell,
}

impl Announcer {
    async fn publish<D: Contract>(&self, id: EffectId, telling: &Telling, data: D) -> Result<()> {
        let event = EventId::of_effect(id);
        let event = Event::new(
            event,
            id.made_at(),
            "payments",
            telling.correlation_id,
            telling.cause.clone(),
            data,
        );
        self.bus.publish(&[event]).await
    }
}

impl EffectRunner<Telling> for Announcer {
    async fn perform(&self, effect: &Effect<Telling>) -> EffectOutcome {
        let telling = &effect.what;
        let published = match telling.tell.clone() {
            Tell::Pending(data) => self.publish(effect.id, telling, data).await,
            Tell::Received(data) => self.publish(effect.id, telling, data).await,
            Tell::Refunded(data) => self.publish(effect.id, telling, data).await,
            Tell::Failed(data) => self.publish(effect.id, telling, data).await,
            Tell::RefundRequested(data) => self.publish(effect.id, telling, data).await,
        };
        match published {
            Ok(()) => EffectOutcome::Done {
                receipt: EventId::of_effect(effect.id).to_string(),
            },
            Err(error) => EffectOutcome::Later {
                code: 0,
                title: error.to_string(),
            },
        }
    }

    /// An event is published again rather than lost: its copies have one id, and subscribers know it.
    async fn look_for(&self, _: &Effect<Telling>, _: Timestamp) -> Result<Evidence> {
        Ok(Evidence::DidNotHappen)
    }
}
