//! Presence: how many agents are online, and whether the visitor of a conversation is.
//!
//! Agents are counted by their sockets, again as they come, ping and leave. A visitor is online for 90 seconds after a
//! sign of life. So sockets that end without a word are noticed, at the latest when the next agent pings.

use std::collections::BTreeSet;

use confab_core::{Clock, CorrelationId, Result, TicketId};
use confab_live::{CountPolicy, OnlineCount, Publication};
use confab_worker::Consistency;
use desk_domain::{ConversationId, Head, VisitorId, VisitorPresence};
use futures::future::try_join_all;

use super::{broadcasts::Broadcasts, live_updates::LiveUpdate};
use crate::{live_channels::LiveChannel, state::State, store::Tenant};

/// In larger teams, an inbox shows no presence but that of the conversations that are open in it.
const INBOX_MAX_AGENTS: u32 = 50;

pub(crate) struct Presence<'a> {
    tenant: Tenant<'a>,
    broadcasts: &'a Broadcasts,
    clock: &'a dyn Clock,
    correlation_id: CorrelationId,
}

impl<'a> Presence<'a> {
    pub(crate) fn new(
        state: &'a State,
        tenant: Tenant<'a>,
        correlation_id: CorrelationId,
    ) -> Result<Self> {
        Ok(Self {
            tenant,
            broadcasts: state.broadcasts()?,
            clock: &*state.clock,
            correlation_id,
        })
    }

    // Agents.

    /// Counts the agents after one has come, and returns how many are online.
    pub(crate) async fn on_agent_arrival(&self) -> Result<u32> {
        self.count_agents(CountPolicy::Changed, Consistency::Strong)
            .await
    }

    /// Counts the agents after a socket has closed.
    pub(crate) async fn on_agent_departure(&self) -> Result<()> {
        self.count_agents(CountPolicy::Changed, Consistency::Strong)
            .await
            .map(drop)
    }

    /// Counts the agents if the last count is getting old.
    pub(crate) async fn on_agent_ping(&self) -> Result<()> {
        self.count_agents(CountPolicy::Ping, Consistency::Eventual)
            .await
            .map(drop)
    }

    /// Returns how many agents are online, as last counted.
    pub(crate) async fn agents_online(&self) -> Result<u32> {
        Ok(self.shown(self.tenant.find_agent_count().await?))
    }

    fn shown(&self, count: OnlineCount) -> u32 {
        count.shown_at(self.clock.now().as_millisecond())
    }

    async fn count_agents(&self, policy: CountPolicy, read: Consistency) -> Result<u32> {
        let count = self.tenant.find_agent_count().await?;
        let shown = self.shown(count);
        let recounted = self
            .tenant
            .recount_agents(count, policy, read, self.correlation_id)
            .await?;
        let Some(agents) = recounted else {
            return Ok(shown);
        };
        if agents != shown && (1..=INBOX_MAX_AGENTS).contains(&agents) {
            let now = self.clock.now();
            let inbox = self.inbox();
            let key = format!("agents#{inbox}#{}#{agents}", now.as_millisecond());
            let update = LiveUpdate::AgentsOnline { agents };
            self.broadcasts
                .publish(inbox, &key, now, update, self.correlation_id)
                .await?;
        }
        Ok(agents)
    }

    // Visitors.

    /// Records that the client of a visitor shows these conversations, and tells the latest of them. Returns those.
    /// `ticket` names the socket: its arrival is told once.
    pub(crate) async fn on_visitor_arrival(
        &self,
        visitor: VisitorId,
        heads: &[Head],
        ticket: TicketId,
    ) -> Result<(Vec<ConversationId>, u32)> {
        let presence = VisitorPresence::of_heads(heads, self.clock.now());
        // Conversations that were joined to the contact are told under the visitors whom they belong to.
        let mut visitors: BTreeSet<_> = heads.iter().map(|head| head.visitor.id).collect();
        visitors.insert(visitor);
        let saves = visitors
            .iter()
            .map(|visitor| self.tenant.save_visitor_presence(*visitor, &presence));
        let (_, agents) = tokio::try_join!(try_join_all(saves), self.agents_online())?;
        let told = &presence.conversations;
        self.publish_visitor(told, agents, true, &format!("arrival#{ticket}"))
            .await?;
        Ok((presence.conversations, agents))
    }

    /// Records a sign of life. A visitor who was taken for offline is told to be online again.
    pub(crate) async fn on_visitor_ping(
        &self,
        visitor: VisitorId,
        shown: Option<&Head>,
        ticket: TicketId,
    ) -> Result<()> {
        let now = self.clock.now();
        let stored = self.tenant.find_visitor_presence(visitor).await?;
        if let Some(presence) = stored.as_ref().filter(|stored| stored.is_online(now)) {
            if presence.is_renewal_due(now) {
                let renewed = presence.renewed(now);
                self.tenant.save_visitor_presence(visitor, &renewed).await?;
            }
            return Ok(());
        }
        // The pings were late, or another socket of the visitor has closed.
        let shown = shown.map_or_else(Vec::new, |head| vec![head.clone()]);
        let mut presence = VisitorPresence::of_heads(&shown, now);
        if presence.conversations.is_empty() {
            presence.conversations = stored.map_or_else(Vec::new, |stored| stored.conversations);
        }
        if presence.conversations.is_empty() {
            return Ok(());
        }
        let save = self.tenant.save_visitor_presence(visitor, &presence);
        let ((), agents) = tokio::try_join!(save, self.agents_online())?;
        let event = format!("return#{ticket}#{}", now.as_millisecond());
        self.publish_visitor(&presence.conversations, agents, true, &event)
            .await
    }

    /// Tells that a visitor has left, whose last socket has closed.
    pub(crate) async fn on_visitor_departure(
        &self,
        visitor: VisitorId,
        ticket: TicketId,
    ) -> Result<()> {
        let (presence, agents) = tokio::try_join!(
            self.tenant.find_visitor_presence(visitor),
            self.agents_online()
        )?;
        let Some(presence) = presence else {
            return Ok(());
        };
        let event = format!("departure#{ticket}");
        self.publish_visitor(&presence.conversations, agents, false, &event)
            .await?;
        self.tenant
            .delete_visitor_presence(visitor, &presence)
            .await
    }

    /// Returns whether the visitor of a conversation is online, for an agent who opens it.
    pub(crate) async fn is_visitor_online(&self, head: &Head) -> Result<bool> {
        let presence = self.tenant.find_visitor_presence(head.visitor.id).await?;
        Ok(presence.is_some_and(|presence| presence.is_online(self.clock.now())))
    }

    /// Tells that the visitor of a conversation is offline if the last sign of life is too old, and was not told yet.
    pub(crate) async fn expire_visitor(&self, head: &Head) -> Result<()> {
        let visitor = head.visitor.id;
        let presence = self.tenant.find_visitor_presence(visitor).await?;
        let Some(presence) = presence.filter(|presence| !presence.is_online(self.clock.now()))
        else {
            return Ok(());
        };
        let agents = self.agents_online().await?;
        let mut told = presence.conversations.clone();
        if !told.contains(&head.id) {
            told.push(head.id);
        }
        let event = format!("expiry#{visitor}#{}", presence.seen_at.as_millisecond());
        self.publish_visitor(&told, agents, false, &event).await?;
        self.tenant
            .delete_visitor_presence(visitor, &presence)
            .await
    }

    fn inbox(&self) -> LiveChannel {
        LiveChannel::Inbox {
            tenant: self.tenant.id(),
        }
    }

    /// Tells conversations, and the inbox of a team that is not too large, about their visitor. `event` names what has
    /// happened, so that it is told once.
    async fn publish_visitor(
        &self,
        conversations: &[ConversationId],
        agents: u32,
        is_visitor_online: bool,
        event: &str,
    ) -> Result<()> {
        let tenant = self.tenant.id();
        let has_inbox = (1..=INBOX_MAX_AGENTS).contains(&agents);
        let now = self.clock.now();
        let mut publications = Vec::new();
        for conversation in conversations.iter().copied() {
            let channel = LiveChannel::Conversation {
                tenant,
                conversation,
            };
            let inbox = has_inbox.then(|| self.inbox());
            for channel in [Some(channel), inbox].into_iter().flatten() {
                let update = LiveUpdate::Presence {
                    conversation,
                    agents,
                    is_visitor_online,
                };
                publications.push(Publication {
                    channel,
                    idempotency_key: format!("presence#{channel}#{conversation}#{event}"),
                    updates: vec![update],
                });
            }
        }
        if publications.is_empty() {
            return Ok(());
        }
        self.broadcasts
            .publish_all(publications, now, self.correlation_id)
            .await
    }
}

impl std::fmt::Debug for Presence<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Presence({:?})", self.tenant)
    }
}
