//! `hello`: puts the socket into the channels of conversations, and sends what the client missed.

use std::collections::BTreeMap;

use confab_core::{Error, Result, after};
use confab_worker::Consistency;
use desk_domain::{ConversationId, Head, SOCKET_TTL, ServerFrame};
use futures::future::try_join_all;

use super::socket::{FrameKind, Socket};
use crate::{
    auth::TicketHolder,
    services::{
        gap_repair::Gap,
        socket_access::{Holder, load_holder, open_tenant},
    },
};

/// What a client is told of presence.
struct Arrival {
    agents: u32,
    /// Conversations with whether their visitors are online.
    visitors: Vec<(ConversationId, bool)>,
}

impl Socket<'_> {
    /// Welcomes a client. `asked` has the last number that it has of each conversation. A client may say hello again,
    /// for conversations that began later.
    pub(super) async fn welcome(&self, asked: &BTreeMap<ConversationId, u64>) -> Result<()> {
        let (holder, heads) = self.load_asked(asked).await?;
        try_join_all(heads.iter().map(|head| self.subscribe(head.id))).await?;
        // Read after the subscription: what is posted later is broadcast to this socket.
        let gaps = heads.iter().map(|head| {
            let client_seq = asked.get(&head.id).copied().unwrap_or_default();
            Gap::load(self.rows, head, client_seq, self.correlation_id())
        });
        let (gaps, arrival) = tokio::try_join!(try_join_all(gaps), self.arrive(&heads))?;
        let ids = heads.iter().map(|head| head.id);
        let last_seqs = gaps.iter().map(|gap| gap.last_seq);
        let last_seqs: BTreeMap<_, _> = ids.zip(last_seqs).collect();
        self.send(&ServerFrame::Welcome {
            now: self.state.clock.now(),
            until: after(self.request.connected_at, SOCKET_TTL),
            last_seqs: &last_seqs,
        })
        .await?;
        for gap in &gaps {
            for frame in gap.frames(holder.is_agent())? {
                self.post_frame(frame).await?;
            }
        }
        self.send_arrival(&holder, &arrival).await?;
        if last_seqs.len() < asked.len() {
            return Err(Error::not_found("conversation"));
        }
        Ok(())
    }

    /// Loads the holder, and those of the conversations that the holder may see.
    async fn load_asked(
        &self,
        asked: &BTreeMap<ConversationId, u64>,
    ) -> Result<(Holder, Vec<Head>)> {
        let tenant = open_tenant(self.state, &self.ticket, false).await?;
        let ids: Vec<_> = asked.keys().copied().collect();
        let (holder, tokens, heads) = tokio::join!(
            load_holder(self.state, &self.ticket),
            self.take_tokens(tenant, FrameKind::Read),
            self.rows.find_heads(&ids, Consistency::Strong)
        );
        let holder = holder?;
        tokens?;
        let mut heads = heads?;
        heads.retain(|head| holder.may_read(head));
        Ok((holder, heads))
    }

    /// Counts the holder as online.
    async fn arrive(&self, heads: &[Head]) -> Result<Arrival> {
        let presence = self.presence()?;
        if let TicketHolder::Visitor { visitor, .. } = self.ticket.holder {
            let arrival = presence.on_visitor_arrival(visitor, heads, self.ticket.id);
            let (told, agents) = arrival.await?;
            return Ok(Arrival {
                agents,
                visitors: told.into_iter().map(|told| (told, true)).collect(),
            });
        }
        let visitors = heads.iter().map(|head| presence.is_visitor_online(head));
        let (agents, visitors) =
            tokio::try_join!(presence.on_agent_arrival(), try_join_all(visitors))?;
        let ids = heads.iter().map(|head| head.id);
        Ok(Arrival {
            agents,
            visitors: ids.zip(visitors).collect(),
        })
    }

    async fn send_arrival(&self, holder: &Holder, arrival: &Arrival) -> Result<()> {
        let agents = arrival.agents;
        if holder.is_agent() {
            let inbox = ServerFrame::Presence {
                conversation_id: None,
                agents,
                is_visitor_online: None,
            };
            self.send(&inbox).await?;
        }
        for (conversation, is_online) in &arrival.visitors {
            let conversation = ServerFrame::Presence {
                conversation_id: Some(*conversation),
                agents,
                is_visitor_online: Some(*is_online),
            };
            self.send(&conversation).await?;
        }
        Ok(())
    }
}
