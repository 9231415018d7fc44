//! Deleting a message: its files, its content, and what the inbox quotes of it.

use confab_core::{CorrelationId, Error, Result};
use confab_worker::SaveOutcome;
use desk_domain::{Author, Command, ConversationId, Head, Message};

use super::{attachments::delete_files, conversations::apply_over, live_updates::LiveUpdate};
use crate::{live_channels::LiveChannel, state::State, store::Tenant};

const MAX_CAS_ATTEMPTS: usize = 4;

/// Who deletes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deleter<'a> {
    pub(crate) author: &'a Author,
    /// May delete what others have written.
    pub(crate) is_admin: bool,
}

/// Leaves a tombstone of a message. Repeated, it goes on where an attempt that died has stopped.
pub(crate) async fn delete_message(
    state: &State,
    tenant: Tenant<'_>,
    head: Head,
    seq: u64,
    deleter: Deleter<'_>,
    correlation_id: CorrelationId,
) -> Result<()> {
    let message = tenant.require_message(head.id, seq).await?;
    message.deleted(deleter.author, deleter.is_admin)?;
    // The message is what leads to its files and to the subject, so that it is changed last.
    delete_files(state, tenant, head.id, &message.attachments).await?;
    let id = head.id;
    // An empty subject was perhaps forgotten by an attempt that died before the inbox was told.
    if head.quotes(&message) || head.subject.as_str().is_empty() {
        let forget = [Command::ClearSubject];
        apply_over(state, tenant, head, &forget, deleter.author, correlation_id).await?;
    }
    let tombstone = save_tombstone(tenant, id, message, deleter).await?;
    publish_changed(state, tenant, id, tombstone, correlation_id).await
}

async fn save_tombstone(
    tenant: Tenant<'_>,
    id: ConversationId,
    mut message: Message,
    deleter: Deleter<'_>,
) -> Result<Message> {
    for _ in 0..MAX_CAS_ATTEMPTS {
        let tombstone = message.deleted(deleter.author, deleter.is_admin)?;
        if tombstone == message {
            return Ok(tombstone);
        }
        let saved = tenant.save_message(id, &tombstone, message.rev).await?;
        if saved == SaveOutcome::Saved {
            return Ok(tombstone);
        }
        message = tenant.require_message(id, message.seq).await?;
    }
    Err(Error::unavailable(
        "contended",
        "the message changed at each attempt",
    ))
}

/// Published again on a retry: the first attempt may have died before it did.
async fn publish_changed(
    state: &State,
    tenant: Tenant<'_>,
    id: ConversationId,
    message: Message,
    correlation_id: CorrelationId,
) -> Result<()> {
    let channel = LiveChannel::Conversation {
        tenant: tenant.id(),
        conversation: id,
    };
    let key = format!("rev#{id}#{}#{}", message.seq, message.rev);
    let changed = LiveUpdate::Changed {
        conversation: id,
        message: Box::new(message),
    };
    let now = state.clock.now();
    let broadcasts = state.broadcasts()?;
    broadcasts
        .publish(channel, &key, now, changed, correlation_id)
        .await
}
