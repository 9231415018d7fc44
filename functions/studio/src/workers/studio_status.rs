//! The worker of delivery statuses: saves them, and has an undelivered photo sent again.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{QueueMessage, metrics};
use confab_messaging::{Body, DeliveryStatus};
use studio_domain::{Action, StatusJob, Trigger, object_key};

use crate::{
    services::conversation_queue,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::ConversationQueue,
    Part::DynamoDbConnection,
];

/// Error codes of Meta and Twilio for a closed messaging window.
const WINDOW_CLOSED_CODES: [i64; 2] = [131_047, 63_016];

pub async fn handle(state: Arc<State>, delivery: QueueMessage<StatusJob>) -> Result<()> {
    let StatusJob::V1 { status } = delivery.body;
    // `None`: the status is not later than the saved one, or the message is not ours.
    let applied = state.store()?.apply_status(&status).await?;
    if status.stage != DeliveryStatus::Failed {
        return Ok(());
    }
    let effect = match applied {
        Some(effect) => {
            // Providers accept most messages and fail later: the metric is the only trace of that.
            metrics::count("MessageRefused", "provider");
            Some(effect)
        }
        // An earlier delivery may have saved the status, and died before it queued the photo.
        None => state.store()?.effect_with_status(&status).await?,
    };
    let Some(effect) = effect else {
        return Ok(());
    };
    let Action::SendMessage {
        body: Body::Image { url, caption: None },
    } = effect.what.action
    else {
        return Ok(());
    };
    // The photo was paid for. Sample sheets have a caption, and are not resent.
    let Some(object) = object_key(&url) else {
        return Ok(());
    };
    let error = status.error.as_ref();
    let trigger = Trigger::ImageUndelivered {
        object: object.to_owned(),
        is_window_closed: error.is_some_and(|error| WINDOW_CLOSED_CODES.contains(&error.code)),
    };
    let id = format!("not_shown#{}", effect.id);
    let (queue, user_id) = (state.conversation_queue()?, effect.what.user_id);
    conversation_queue::send(queue, id, user_id, trigger, delivery.correlation_id).await
}
