//! `watch` and `unwatch` of agents, and `ping`.

use confab_core::{Error, Result};
use desk_domain::{Author, Command, ConversationId, Head, ReadMark, ServerFrame};

use super::socket::{FrameKind, Loaded, Socket};
use crate::{
    auth::TicketHolder,
    services::{
        conversations::apply_over,
        gap_repair::Gap,
        socket_access::{load_holder, open_tenant},
    },
};

impl Socket<'_> {
    /// Sends an agent the messages of a conversation from now on. The answer names the last number, so that the client
    /// asks for what it misses.
    pub(super) async fn watch(&self, conversation: ConversationId) -> Result<()> {
        self.require_agent()?;
        let loaded = self.load(conversation, FrameKind::Read).await?;
        self.subscribe(conversation).await?;
        let presence = self.presence()?;
        // Read after the subscription: what is posted later is broadcast to this socket.
        let (head, agents, is_visitor_online) = tokio::try_join!(
            self.rows.require_head(conversation),
            presence.agents_online(),
            presence.is_visitor_online(&loaded.head)
        )?;
        self.post_frame(Gap::marker(&head)?).await?;
        self.send(&ServerFrame::Presence {
            conversation_id: Some(conversation),
            agents,
            is_visitor_online: Some(is_visitor_online),
        })
        .await
    }

    pub(super) async fn unwatch(&self, conversation: ConversationId) -> Result<()> {
        self.require_agent()?;
        let channel = self.conversation_channel(conversation);
        let connections = &self.state.store()?.connections;
        connections.unsubscribe(&channel, self.ticket.id).await
    }

    fn require_agent(&self) -> Result<()> {
        if self.is_agent() {
            Ok(())
        } else {
            Err(Error::forbidden("Only agents watch conversations."))
        }
    }

    /// Answers a ping, with the last number of the conversation that the client shows, and advances its read mark.
    pub(super) async fn pong(&self, read: Option<ReadMark>) -> Result<()> {
        let last_seq = match read {
            Some(read) => Some(self.read(read).await?),
            None => {
                let tenant = open_tenant(self.state, &self.ticket, false);
                tokio::try_join!(tenant, load_holder(self.state, &self.ticket))?;
                self.note_alive(None).await?;
                None
            }
        };
        let now = self.state.clock.now();
        self.send(&ServerFrame::Pong { now, last_seq }).await
    }

    async fn read(&self, read: ReadMark) -> Result<u64> {
        let loaded = self.load(read.conversation_id, FrameKind::Beat).await?;
        self.note_alive(Some(&loaded.head)).await?;
        let last_seq = loaded.head.last_seq;
        self.mark_read(loaded, read.seq).await?;
        Ok(last_seq)
    }

    /// Stores a read mark that advances. In a tenant that is read-only, none does.
    async fn mark_read(&self, loaded: Loaded, seq: u64) -> Result<()> {
        let Loaded { head, author } = loaded;
        let read_seq = match author {
            Author::Visitor { .. } => head.visitor_read_seq,
            _ => head.read_seq,
        };
        let seq = seq.min(head.last_seq);
        let is_writable = open_tenant(self.state, &self.ticket, true).await.is_ok();
        if seq <= read_seq || !is_writable {
            return Ok(());
        }
        let read = [Command::Read { seq }];
        let correlation_id = self.correlation_id();
        apply_over(self.state, self.rows, head, &read, &author, correlation_id)
            .await
            .map(drop)
    }

    /// Counts the holder as online. An agent's ping also notices that the visitor of the shown conversation has gone.
    async fn note_alive(&self, shown: Option<&Head>) -> Result<()> {
        let presence = self.presence()?;
        match self.ticket.holder {
            TicketHolder::Visitor { visitor, .. } => {
                presence
                    .on_visitor_ping(visitor, shown, self.ticket.id)
                    .await
            }
            TicketHolder::Agent { .. } => {
                let expiry = async {
                    match shown {
                        Some(head) => presence.expire_visitor(head).await,
                        None => Ok(()),
                    }
                };
                tokio::try_join!(presence.on_agent_ping(), expiry).map(drop)
            }
        }
    }
}
