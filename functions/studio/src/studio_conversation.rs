//! The worker of the inbound queue: decides what to answer to one message, and answers.

use std::sync::Arc;

use confab_kernel::{
    Clock, Result, UserId,
    worker::{Decision, Shift, work},
};
use confab_lambda::Job as Delivery;
use studio_domain::{Job, converse};

use crate::{
    Worker,
    store::{Event, Person, Reply},
};

pub async fn handle(deps: Arc<Worker>, delivery: Delivery<Job>) -> Result<()> {
    let Job::V1 { message } = delivery.body;
    let shift = Shift { clock: &deps.clock, entropy: &deps.entropy, time_left: delivery.time_left };
    let event = Event { message, correlation_id: delivery.correlation_id };
    work(&event, &deps.store, &deps.senders, shift, |person| decide(&deps, person, &event)).await
}

fn decide(deps: &Worker, mut person: Person, event: &Event) -> Decision<Person, Reply> {
    let now = deps.clock.now();
    let new_id = person.id().unwrap_or_else(|| UserId::new(now, &deps.entropy));
    let Decision { state, effects } = converse(person.user.clone(), new_id, &event.message, now);
    let reply =
        |body| Reply { user_id: state.id, correlation_id: event.correlation_id, to: event.message.from.clone(), body };
    let effects = effects.into_iter().map(reply).collect();
    person.user = Some(state);
    Decision { state: person, effects }
}
