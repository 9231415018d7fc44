//! The worker of all that happens to a person: decides what to do about it, and does it.

pub(crate) mod effects;

use std::sync::{Arc, Mutex, PoisonError};

use confab_contracts::{Event as OnTheBus, studio::UserMessageReceived};
use confab_core::{Clock, EventId, Result, UserId};
use confab_lambda::{QueueMessage, metrics};
use confab_messaging::Inbound;
use confab_worker::{Decision, WorkerContext, work};
use studio_domain::{Action, Event as What, Job, PRODUCT, Shelf, Surroundings, attend, event_of};

use crate::{
    Worker,
    routes::update_images::keep_fresh,
    store::{Deed, Event, Person},
};

pub async fn handle(deps: Arc<Worker>, delivery: QueueMessage<Job>) -> Result<()> {
    let correlation_id = delivery.correlation_id;
    let event = match delivery.body {
        Job::V1 { message } => Event {
            id: event_of(&message),
            person: None,
            what: What::Said { message },
            correlation_id,
        },
        Job::V2 { id, person, event } => Event {
            id,
            person: Some(person),
            what: event,
            correlation_id,
        },
        Job::Told { detail } => {
            let (id, correlation_id) = (format!("bus#{}", detail.id), detail.correlation_id);
            let Some((person, what)) = detail.news.happened() else {
                metrics::count("PaymentNewsIgnored", "not_ours");
                return Ok(());
            };
            Event {
                id,
                person: Some(person),
                what,
                correlation_id,
            }
        }
    };
    let shift = WorkerContext {
        clock: &deps.clock,
        entropy: &deps.entropy,
        time_left: delivery.time_left,
    };
    let shelf = deps.shelf.current(&deps.studio.store).await?;
    if shelf.packs.is_empty() {
        // A studio that has just opened does not wait for its schedule.
        let id = EventId::new(deps.clock.now(), &deps.entropy);
        Box::pin(keep_fresh(
            &deps.studio.store,
            &deps.drawing,
            id,
            event.correlation_id,
        ))
        .await?;
    }
    let writer = Mutex::new(None);
    let decide = |person| {
        let decision = decide(&deps, person, &shelf, &event);
        *writer.lock().unwrap_or_else(PoisonError::into_inner) =
            decision.state.user.as_ref().map(|user| user.id);
        decision
    };
    // What is nested deeper the compiler gives up on.
    Box::pin(work(
        &event,
        &deps.studio.store,
        &deps.studio,
        shift,
        decide,
    ))
    .await?;
    if let What::Said { message } = &event.what {
        let writer = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        tells_of(&deps, &event, message, writer).await?;
    }
    Ok(())
}

fn decide(
    deps: &Worker,
    mut person: Person,
    shelf: &Shelf,
    event: &Event,
) -> Decision<Person, Deed> {
    let around = Surroundings {
        now: deps.clock.now(),
        entropy: &deps.entropy,
        shelf,
    };
    let known = person.id();
    let decision = attend(person.user.clone(), around, &event.what);
    let (user, actions) = match decision {
        Some(Decision { mut state, effects }) => {
            // Whom a name leads to keeps the id, even without a row.
            state.id = known.unwrap_or(state.id);
            (Some(state), effects)
        }
        None => (None, for_nobody(&event.what)),
    };
    let (user_id, to) = match &user {
        Some(user) => (Some(user.id), user.address.clone()),
        None => (known, None),
    };
    let deed = |(user_id, action)| Deed {
        user_id,
        correlation_id: event.correlation_id,
        to: to.clone(),
        action,
    };
    let effects = actions
        .into_iter()
        .filter_map(|action| Some((user_id?, action)))
        .map(deed)
        .collect();
    person.user = user;
    Decision {
        state: person,
        effects,
    }
}

/// The person is gone. Money that comes for them goes back.
fn for_nobody(event: &What) -> Vec<Action> {
    match event {
        What::Paid { order } => vec![Action::Refund { order: *order }],
        _ => Vec::new(),
    }
}

/// After the answer, and before the message leaves the queue: told at least once, with one id for all copies.
async fn tells_of(
    deps: &Worker,
    event: &Event,
    message: &Inbound,
    writer: Option<UserId>,
) -> Result<()> {
    let writer = match writer {
        Some(writer) => Some(writer),
        // It was decided before: its entry in the inbox knows.
        None => deps.studio.store.whose(event).await?,
    };
    let Some(user_id) = writer else { return Ok(()) };
    let id = EventId::of_event(&event.id);
    let data = UserMessageReceived {
        user_id,
        message_id: message.id.clone(),
        channel: message.from.channel,
        kind: message.content.name().to_owned(),
    };
    let told = OnTheBus::new(
        id,
        message.sent_at,
        PRODUCT,
        event.correlation_id,
        event.id.clone(),
        data,
    );
    deps.studio.bus.publish(&[told]).await
}
