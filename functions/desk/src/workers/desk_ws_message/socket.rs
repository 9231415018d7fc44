//! A socket with the event of its frame, and what a frame about a conversation reads first.

use confab_aws::FrameDelivery;
use confab_core::{CorrelationId, Error, Result};
use confab_lambda::SocketRequest;
use desk_domain::{Author, ConversationId, Head, ServerFrame};

use crate::{
    auth::{SocketTicket, TenantState, TicketHolder},
    live_channels::{LiveChannel, SocketEnd},
    services::{
        conversation_access::open_to_write,
        presence::Presence,
        socket_access::{load_holder, open_tenant, reader_of},
    },
    state::State,
    store::Tenant,
};

pub(super) struct Socket<'a> {
    pub(super) state: &'a State,
    pub(super) request: &'a SocketRequest,
    pub(super) ticket: SocketTicket,
    /// The rows of the ticket's tenant.
    pub(super) rows: Tenant<'a>,
}

/// A conversation of a frame, and as whom the holder acts in it.
pub(super) struct Loaded {
    pub(super) head: Head,
    pub(super) author: Author,
}

/// What a frame does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// Shows a conversation. Counts as a request of the holder.
    Read,
    /// Changes a conversation. Counts as a request of the holder.
    Write,
    /// Comes at an interval, and is not counted.
    Beat,
}

impl FrameKind {
    pub(super) fn is_write(self) -> bool {
        self == Self::Write
    }
}

impl<'a> Socket<'a> {
    pub(super) fn new(
        state: &'a State,
        request: &'a SocketRequest,
        ticket: SocketTicket,
    ) -> Result<Self> {
        Ok(Self {
            rows: state.store()?.tenant(ticket.grant()),
            state,
            request,
            ticket,
        })
    }

    pub(super) fn correlation_id(&self) -> CorrelationId {
        self.request.correlation_id
    }

    pub(super) fn presence(&self) -> Result<Presence<'a>> {
        Presence::new(self.state, self.rows, self.correlation_id())
    }

    pub(super) fn conversation_channel(&self, conversation: ConversationId) -> LiveChannel {
        LiveChannel::Conversation {
            tenant: self.ticket.tenant,
            conversation,
        }
    }

    /// Puts the socket into the channel of a conversation that its holder may see.
    pub(super) async fn subscribe(&self, conversation: ConversationId) -> Result<()> {
        let channel = self.conversation_channel(conversation);
        let (ticket, party) = (self.ticket.id, self.ticket.party());
        self.state
            .store()?
            .connections
            .subscribe(&channel, ticket, &party, &self.request.connection_id)
            .await
    }

    /// Loads a conversation that the holder may see. The reads, and the writes of the rate limits, are made at once.
    pub(super) async fn load(
        &self,
        conversation: ConversationId,
        kind: FrameKind,
    ) -> Result<Loaded> {
        let is_write = kind.is_write();
        let tenant = open_tenant(self.state, &self.ticket, is_write).await?;
        let reader = reader_of(&self.ticket, tenant, is_write);
        let (holder, tokens, opened) = tokio::join!(
            self.check_agent(),
            self.take_tokens(tenant, kind),
            open_to_write(self.state, self.rows, &reader, conversation)
        );
        holder?;
        tokens?;
        let (head, author) = opened?;
        Ok(Loaded { head, author })
    }

    pub(super) fn is_agent(&self) -> bool {
        matches!(self.ticket.holder, TicketHolder::Agent { .. })
    }

    /// Refuses an agent who has lost the access. A visitor's contact is read together with a conversation.
    pub(super) async fn check_agent(&self) -> Result<()> {
        if self.is_agent() {
            load_holder(self.state, &self.ticket).await?;
        }
        Ok(())
    }

    pub(super) async fn take_tokens(&self, tenant: TenantState, kind: FrameKind) -> Result<()> {
        match kind {
            FrameKind::Beat => Ok(()),
            FrameKind::Read | FrameKind::Write => {
                self.ticket.holder.take_tokens(self.state, tenant).await
            }
        }
    }

    /// Tells the client that its frame was refused. Our own failures also fail the event, which logs them.
    pub(super) async fn refuse(&self, error: Error, client_msg_id: Option<&str>) -> Result<()> {
        let is_ours = error.is_server_error();
        let refused = ServerFrame::Refused {
            code: if is_ours { "try_again" } else { error.code() },
            title: error.message(),
            client_msg_id,
        };
        self.send(&refused).await?;
        if is_ours { Err(error) } else { Ok(()) }
    }

    /// Closes the socket after a last frame that says why.
    pub(super) async fn end(&self, end: SocketEnd) -> Result<()> {
        self.send(&ServerFrame::Bye { reason: end.into() }).await?;
        self.state
            .sockets()?
            .close(&self.request.connection_id)
            .await
            .map(drop)
    }

    pub(super) async fn send(&self, frame: &ServerFrame<'_>) -> Result<()> {
        self.post_frame(frame.render()?).await
    }

    /// Posts a frame to the client. Deletes the connection when it is gone.
    pub(super) async fn post_frame(&self, frame: Vec<u8>) -> Result<()> {
        let connection = &self.request.connection_id;
        let delivery = self.state.sockets()?.post(connection, frame).await?;
        if delivery == FrameDelivery::Gone {
            let channel = self.ticket.channel();
            self.state
                .store()?
                .connections
                .delete(&channel, self.ticket.id, connection)
                .await?;
        }
        Ok(())
    }
}
