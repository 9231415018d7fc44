//! Tells the operator's server of finished carousels, with links to their slides.
//!
//! Repetitions and copies of an event have its id, by which the server recognises them.

use std::{sync::Arc, time::Duration};

use carousel_domain::{CarouselId, Origin, SagaState};
use confab_contracts::{Event, carousel::Completed};
use confab_core::{Error, Result, Timestamp, after};
use confab_lambda::{QueueMessage, metrics, warn};
use serde::{Deserialize, Serialize};

use crate::{
    services::{
        carousel_view::{AnnouncedCarousel, Detail},
        webhook_receiver::DeliveryOutcome,
    },
    state::{Part, State},
    store::{CarouselRecord, FoundCarousel},
};

pub const PARTS: &[Part] = &[Part::Store, Part::Objects, Part::WebhookReceiver];

/// The index may lag behind the table. A carousel that is not found later was erased.
const INDEX_LAG: Duration = Duration::from_secs(60);

/// Delays grow from the first to the longest. All receives of a message take a day.
const FIRST_RETRY_DELAY: Duration = Duration::from_secs(30);
const MAX_DOUBLINGS: u32 = 6;
const LONGEST_RETRY_DELAY: Duration = Duration::from_secs(30 * 60);
/// Bounds what the server asks for, so that a message is dead-lettered before its queue deletes it.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// An event, as EventBridge puts it on the queue.
#[derive(Debug, Clone, Deserialize)]
pub struct CompletedMessage {
    detail: Event<Completed>,
}

/// The body of a delivery.
#[derive(Debug, Serialize)]
struct Announcement<'a> {
    r#type: &'a str,
    timestamp: Timestamp,
    data: AnnouncedCarousel,
}

pub async fn handle(state: Arc<State>, message: QueueMessage<CompletedMessage>) -> Result<()> {
    let event = message.body.detail.of_known_version()?;
    // Anyone may ask for these, where the test route is on.
    if event.data.origin == Origin::Test {
        return Ok(());
    }
    let Some(record) = find_finished(&state, &event, message.receives).await? else {
        return Ok(());
    };
    let now = state.clock.now();
    let announcement = Announcement {
        r#type: &event.event_type,
        timestamp: event.occurred_at,
        data: Detail::new(&record, state.objects()?)?.announced(now),
    };
    let body = serde_json::to_vec(&announcement)
        .map_err(|error| Error::internal("render_failed", error))?;
    let id = event.id.to_string();
    let delivered = state.webhook_receiver()?.deliver(&id, now, body).await;
    match delivered.inspect_err(|_| metrics::count("WebhookFailed", "delivery"))? {
        DeliveryOutcome::Accepted => Ok(()),
        DeliveryOutcome::Gone => {
            metrics::count("WebhookFailed", "gone");
            warn("webhook_gone", "HTTP 410", event.correlation_id);
            Ok(())
        }
        DeliveryOutcome::Failed {
            reason,
            retry_after,
        } => {
            metrics::count("WebhookFailed", "delivery");
            let delay = retry_delay(message.receives, retry_after);
            Err(Error::unavailable("webhook_failed", reason).with_delay(Some(delay)))
        }
    }
}

/// Returns the carousel unless it was erased. While it is being changed, the delivery waits.
async fn find_finished(
    state: &State,
    event: &Event<Completed>,
    receives: u32,
) -> Result<Option<Box<CarouselRecord>>> {
    let id = event.data.subject.carousel.parse::<CarouselId>();
    let id = id.map_err(|error| Error::internal("bad_event", error))?;
    let later = |code, why: &str, delay| Error::unavailable(code, why).with_delay(Some(delay));
    let Some(FoundCarousel::Begun(record)) = state.store()?.find_carousel(id).await? else {
        if state.clock.now() < after(event.occurred_at, INDEX_LAG) {
            let why = "the carousel is not listed yet, or was erased";
            return Err(later("carousel_not_found", why, INDEX_LAG));
        }
        warn("webhook_dropped", "it was erased", event.correlation_id);
        return Ok(None);
    };
    if record.saga.is_running() {
        let delay = retry_delay(receives, None);
        return Err(later("busy", "the carousel is being changed", delay));
    }
    if record.saga.state != SagaState::Delivered {
        warn("webhook_dropped", "it has no slides", event.correlation_id);
        return Ok(None);
    }
    Ok(Some(record))
}

/// Returns how long the next attempt waits: ever longer, and at least as long as the server asks for.
fn retry_delay(receives: u32, retry_after: Option<Duration>) -> Duration {
    let doublings = receives.saturating_sub(1).min(MAX_DOUBLINGS);
    let delay = (FIRST_RETRY_DELAY * 2_u32.pow(doublings)).min(LONGEST_RETRY_DELAY);
    let retry_after = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    delay.max(retry_after)
}

#[cfg(test)]
mod tests {
    use confab_lambda::MAX_RECEIVES;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn delays_grow_to_half_an_hour_and_take_a_day_in_all() {
        let delays: Vec<_> = (1..MAX_RECEIVES)
            .map(|receives| retry_delay(receives, None))
            .collect();
        let seconds: Vec<_> = delays.iter().take(8).map(Duration::as_secs).collect();
        assert_eq!(seconds, [30, 60, 120, 240, 480, 960, 1800, 1800]);
        let sum: Duration = delays.iter().sum();
        assert!(24 * HOUR < sum && sum < 30 * HOUR, "{sum:?}");
        assert_eq!(retry_delay(0, None), FIRST_RETRY_DELAY);
        assert_eq!(retry_delay(u32::MAX, None), LONGEST_RETRY_DELAY);
    }

    #[test]
    fn server_can_lengthen_a_delay_up_to_an_hour_and_not_shorten_it() {
        let asked = |receives, seconds| {
            let delay = retry_delay(receives, Some(Duration::from_secs(seconds)));
            delay.as_secs()
        };
        assert_eq!(asked(1, 0), 30);
        assert_eq!(asked(1, 77), 77);
        assert_eq!(asked(9, 77), 1800);
        assert_eq!(asked(1, u64::MAX), 3600);
        // The queue keeps messages for four days.
        assert!(MAX_RECEIVES * MAX_RETRY_AFTER < 96 * HOUR);
    }
}
