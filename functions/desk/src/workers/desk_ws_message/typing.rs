//! `typing:start` and `typing:stop`.

use confab_core::Result;
use confab_worker::Consistency;
use desk_domain::{Author, ConversationId, Refusal, VisitorHead};

use super::socket::{FrameKind, Loaded, Socket};
use crate::services::{live_updates::LiveUpdate, socket_access::open_tenant};

/// With more connections in a conversation, typing is not broadcast.
const TYPING_MAX_CONNECTIONS: usize = 50;
const TYPING_INTERVAL_MS: i64 = 3_000;

impl Socket<'_> {
    pub(super) async fn publish_typing(
        &self,
        conversation: ConversationId,
        is_typing: bool,
    ) -> Result<()> {
        let channel = self.conversation_channel(conversation);
        let (read, correlation_id) = (Consistency::Eventual, self.correlation_id());
        let connections = &self.state.store()?.connections;
        let (loaded, page) = tokio::join!(
            self.load(conversation, FrameKind::Beat),
            connections.list(&channel, None, read, correlation_id)
        );
        let (loaded, page) = (loaded?, page?);
        self.require_writer(&loaded).await?;
        if page.connections.len() > TYPING_MAX_CONNECTIONS {
            return Ok(());
        }
        let now = self.state.clock.now();
        // SQS drops what the client repeats within the interval.
        let interval = now.as_millisecond() / TYPING_INTERVAL_MS;
        let author = loaded.author.key();
        let key = format!("typing#{channel}#{author}#{is_typing}#{interval}");
        let typing = LiveUpdate::Typing {
            conversation,
            author: loaded.author,
            is_typing,
        };
        self.state
            .broadcasts()?
            .publish(channel, &key, now, typing, correlation_id)
            .await
    }

    /// Refuses the typing of what could not be posted: in a tenant that is read-only, and of a visitor in a
    /// conversation that has ended for good.
    async fn require_writer(&self, loaded: &Loaded) -> Result<()> {
        open_tenant(self.state, &self.ticket, true).await?;
        let is_visitor = matches!(loaded.author, Author::Visitor { .. });
        if is_visitor && !VisitorHead::of(&loaded.head, self.state.clock.now()).may_write {
            return Err(Refusal::Closed.into());
        }
        Ok(())
    }
}
