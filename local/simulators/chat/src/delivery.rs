//! Effects of delivered and abandoned webhooks on messages.

use confab_simulator_base::{Attempt, PageUpdate, WebhookKind};
use rusqlite::{Connection, Result};

use crate::{
    conversation::{Message, MessageStatus, message_update},
    messages,
};

/// How long the messaging providers retry a webhook.
pub const RETRY_WINDOW_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

const ABANDONED: &str = "the app did not accept it for seven days";

/// Marks a person's message as delivered to the app. Returns `None` for statuses and for messages
/// that were delivered before.
pub fn mark_delivered(db: &Connection, attempt: &Attempt<'_>) -> Result<Option<PageUpdate>> {
    let webhook = attempt.webhook;
    if webhook.ordering_key.kind != WebhookKind::Message {
        return Ok(None);
    }
    let Some(stored) = messages::get(db, &webhook.message_id)? else {
        return Ok(None);
    };
    let mut message = stored.message;
    if message.correlation_id.is_none()
        && let Some(correlation_id) = attempt.correlation_id
    {
        messages::set_correlation(db, &message.id, correlation_id)?;
        message.correlation_id = Some(correlation_id.to_owned());
    }
    if message.status > MessageStatus::Sending {
        return Ok(None);
    }
    messages::set_status(db, &message.id, MessageStatus::Delivered, None)?;
    let message = Message {
        status: MessageStatus::Delivered,
        ..message
    };
    Ok(Some(message_update(&webhook.ordering_key.owner, &message)))
}

/// Marks a message as failed if it was still being sent.
pub fn mark_abandoned(db: &Connection, attempt: &Attempt<'_>) -> Result<()> {
    let Some(stored) = messages::get(db, &attempt.webhook.message_id)? else {
        return Ok(());
    };
    if stored.message.status == MessageStatus::Sending {
        messages::set_status(
            db,
            &stored.message.id,
            MessageStatus::Failed,
            Some(ABANDONED),
        )?;
    }
    Ok(())
}
