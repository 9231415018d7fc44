//! Reports of a generation to the user's conversation.

use confab_core::Result;
use confab_lambda::{metrics, warn};
use studio_domain::Trigger;

use crate::{services::conversation_queue, state::State, store::Generation};

/// Reports a failure that no retry changes: the conversation refunds the order.
pub(super) async fn fail(
    state: &State,
    generation: &Generation,
    cause: &impl std::fmt::Display,
) -> Result<()> {
    let order = generation.order.id;
    metrics::count("OrderRefused", "astria");
    warn(
        "order cannot be made",
        &cause.to_string(),
        generation.correlation_id,
    );
    let trigger = Trigger::GenerationFailed { order };
    send_trigger(state, generation, format!("refused#{order}"), trigger).await
}

pub(super) async fn send_trigger(
    state: &State,
    generation: &Generation,
    id: String,
    trigger: Trigger,
) -> Result<()> {
    let (user_id, correlation_id) = (generation.user_id, generation.correlation_id);
    let queue = state.conversation_queue()?;
    conversation_queue::send(queue, id, user_id, trigger, correlation_id).await
}
