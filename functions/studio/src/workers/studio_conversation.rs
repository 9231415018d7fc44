//! The worker of conversations: decides what a trigger leads to, and executes the effects.

mod effects;

use std::sync::Arc;

use confab_contracts::{Event, studio::UserMessageReceived};
use confab_core::{EventId, Result};
use confab_lambda::{QueueMessage, metrics};
use confab_messaging::Inbound;
use confab_worker::{Decision, WorkerContext, work};
use studio_domain::{Action, Catalog, Job, PRODUCT, Trigger, TurnContext, inbox_id};

use self::effects::EffectExecutor;
use crate::{
    services::pack_refresh::refresh_if_stale,
    state::{Part, State},
    store::{UserAction, UserRecord, UserTrigger},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Objects,
    Part::Bus,
    Part::PhotoQueue,
    Part::GenerationQueue,
    Part::EraseQueue,
    Part::PackQueue,
    Part::Channels,
    Part::PayLinks,
    Part::Seal,
    Part::Catalog,
];

pub async fn handle(state: Arc<State>, delivery: QueueMessage<Job>) -> Result<()> {
    let context = WorkerContext {
        clock: &*state.clock,
        entropy: &state.entropy,
        time_left: delivery.time_left,
    };
    let Some(trigger) = trigger_of(delivery) else {
        metrics::count("PaymentNewsIgnored", "not_ours");
        return Ok(());
    };
    let store = state.store()?;
    let catalog = state.catalog()?.current(store).await?;
    if catalog.packs.is_empty() {
        // A new studio does not wait for its schedule.
        let id = EventId::new(state.clock.now(), &state.entropy);
        Box::pin(refresh_if_stale(&state, id, trigger.correlation_id)).await?;
    }
    let decide = |record: UserRecord| decide(&state, record, &catalog, &trigger);
    let executor = EffectExecutor::new(&state);
    // Boxed, because the compiler gives up on deeper nesting.
    Box::pin(work(&trigger, store, &executor, context, decide)).await?;
    if let Trigger::MessageReceived { message } = &trigger.trigger {
        publish_message(&state, &trigger, message).await?;
    }
    Ok(())
}

/// Returns the trigger of a job. `None` for a payment of another product.
fn trigger_of(delivery: QueueMessage<Job>) -> Option<UserTrigger> {
    let correlation_id = delivery.correlation_id;
    Some(match delivery.body {
        Job::V1 { message } => UserTrigger {
            id: inbox_id(&message),
            user_id: None,
            trigger: Trigger::MessageReceived { message },
            correlation_id,
        },
        Job::V2 {
            id,
            user_id,
            trigger,
        } => UserTrigger {
            id,
            user_id: Some(user_id),
            trigger,
            correlation_id,
        },
        Job::Payment { detail } => {
            let (user_id, trigger) = detail.change.into_trigger()?;
            UserTrigger {
                id: format!("bus#{}", detail.id),
                user_id: Some(user_id),
                trigger,
                correlation_id: detail.correlation_id,
            }
        }
    })
}

fn decide(
    state: &State,
    mut record: UserRecord,
    catalog: &Catalog,
    trigger: &UserTrigger,
) -> Decision<UserRecord, UserAction> {
    let context = TurnContext {
        now: state.clock.now(),
        entropy: &state.entropy,
        catalog,
    };
    let known_id = record.id();
    let decision = studio_domain::decide(record.user.take(), context, &trigger.trigger);
    let (user, actions) = match decision {
        Some(Decision {
            state: mut user,
            effects,
        }) => {
            // An alias keeps its id, even when the user's row is gone.
            user.id = known_id.unwrap_or(user.id);
            (Some(user), effects)
        }
        None => (None, actions_without_user(&trigger.trigger)),
    };
    let user_id = user.as_ref().map(|user| user.id).or(known_id);
    let to = user.as_ref().and_then(|user| user.address.clone());
    let mut effects = Vec::new();
    if let Some(user_id) = user_id {
        effects.extend(actions.into_iter().map(|action| UserAction {
            user_id,
            correlation_id: trigger.correlation_id,
            to: to.clone(),
            action,
        }));
    }
    record.user = user;
    Decision {
        state: record,
        effects,
    }
}

/// Refunds money that arrives for an erased user.
fn actions_without_user(trigger: &Trigger) -> Vec<Action> {
    match trigger {
        Trigger::PaymentReceived { order } => vec![Action::Refund { order: *order }],
        _ => Vec::new(),
    }
}

/// Publishes the message before it leaves the queue: at least once, under one id for all copies.
async fn publish_message(state: &State, trigger: &UserTrigger, message: &Inbound) -> Result<()> {
    // The inbox entry has the user: of two copies of a first message, one decides a user that is
    // never saved.
    let Some(user_id) = state.store()?.inbox_owner(trigger).await? else {
        return Ok(());
    };
    let data = UserMessageReceived {
        user_id,
        message_id: message.id.clone(),
        channel: message.from.channel,
        kind: message.content.name().to_owned(),
    };
    let event = Event::new(
        EventId::of_event(&trigger.id),
        message.sent_at,
        PRODUCT,
        trigger.correlation_id,
        trigger.id.clone(),
        data,
    );
    state.bus()?.publish(&[event]).await
}
