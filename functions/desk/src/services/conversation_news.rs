//! What sockets are told of conversations: messages and ends to those of the conversation, heads to the inbox.

use confab_core::{CorrelationId, Result};
use confab_live::Publication;
use desk_domain::{Head, Message};

use super::live_updates::LiveUpdate;
use crate::{live_channels::LiveChannel, state::State, store::Tenant};

/// What sockets are told of a change.
pub(crate) struct ConversationNews<'a> {
    pub(crate) head: &'a Head,
    pub(crate) entries: &'a [Message],
    /// Names the change, so that SQS drops what a retry publishes again.
    pub(crate) key: String,
    pub(crate) is_ended: bool,
}

impl<'a> ConversationNews<'a> {
    pub(crate) fn of_post(head: &'a Head, message: &Message, entries: &'a [Message]) -> Self {
        Self {
            head,
            entries,
            key: format!("said#{}#{}", head.id, message.seq),
            is_ended: false,
        }
    }
}

/// Publishes a change to the sockets of the conversation and to the inbox, in one call.
pub(crate) async fn publish(
    state: &State,
    tenant: Tenant<'_>,
    news: ConversationNews<'_>,
    correlation_id: CorrelationId,
) -> Result<()> {
    let (head, now) = (news.head, state.clock.now());
    let mut updates = Vec::new();
    if !news.entries.is_empty() {
        updates.push(LiveUpdate::Appended {
            conversation: head.id,
            entries: news.entries.to_vec(),
        });
    }
    if news.is_ended {
        updates.push(LiveUpdate::Ended {
            head: Box::new(head.clone()),
            at: now,
        });
    }
    let mut publications = Vec::new();
    if !updates.is_empty() {
        publications.push(Publication {
            channel: LiveChannel::Conversation {
                tenant: tenant.id(),
                conversation: head.id,
            },
            idempotency_key: news.key,
            updates,
        });
    }
    publications.push(Publication {
        channel: LiveChannel::Inbox {
            tenant: tenant.id(),
        },
        idempotency_key: format!("head#{}#{}", head.id, head.version),
        updates: vec![LiveUpdate::HeadChanged {
            head: Box::new(head.clone()),
        }],
    });
    let broadcasts = state.broadcasts()?;
    broadcasts
        .publish_all(publications, now, correlation_id)
        .await
}
