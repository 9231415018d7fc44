//! The worker of the status queue: notes what became of a message of ours. A photo that did not arrive is told of.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{QueueMessage as Delivery, metrics};
use confab_messaging::{Body, DeliveryStatus};
use studio_domain::{Action, Event, StatusJob, object_of};

use crate::{Follower, services::conversation_queue as news};

/// The person has not written for a day: Meta, Twilio.
const WINDOW_CLOSED: [i64; 2] = [131_047, 63_016];

pub async fn handle(deps: Arc<Follower>, delivery: Delivery<StatusJob>) -> Result<()> {
    let StatusJob::V1 { status } = delivery.body;
    let Some(deed) = deps.store.follow(&status).await? else {
        return Ok(());
    };
    if status.stage != DeliveryStatus::Failed {
        return Ok(());
    }
    // Providers take most messages first and refuse them afterwards; nobody else will notice.
    metrics::count("MessageRefused", "provider");
    let Action::Say {
        body: Body::Image { url, caption: None },
    } = deed.what.action
    else {
        return Ok(());
    };
    let Some(object) = object_of(&url) else {
        return Ok(());
    };
    // It was paid for.
    let is_too_late = status
        .error
        .is_some_and(|error| WINDOW_CLOSED.contains(&error.code));
    let event = Event::NotShown {
        object: object.to_owned(),
        is_too_late,
    };
    news::tell(
        &deps.people,
        format!("not_shown#{}", deed.id),
        deed.what.user_id,
        event,
        delivery.correlation_id,
    )
    .await
}
