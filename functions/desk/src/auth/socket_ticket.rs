//! Tickets of sockets. A ticket opens one socket, and says whose frames come over it.

use std::time::Duration;

use confab_core::{Private, Sealed, TenantId, TicketId, UserId};
use desk_domain::{BotId, RateClass, Role, SessionId, VisitorId};
use serde::{Deserialize, Serialize};

use super::{TenantGrant, TenantState, take_visitor_tokens};
use crate::state::State;

pub(crate) const TICKET_TTL: Duration = Duration::from_secs(30);

/// Who holds a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum TicketHolder {
    Agent {
        user: UserId,
        /// The role when the ticket was issued.
        role: Role,
        session: SessionId,
    },
    Visitor {
        visitor: VisitorId,
        bot: BotId,
        /// Whether the site's server vouched for the identity.
        is_verified: bool,
        /// The network that asked for the ticket.
        source: Private<String>,
    },
}

/// The ticket of one socket. API Gateway attaches it to each event of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SocketTicket {
    pub(crate) id: TicketId,
    pub(crate) tenant: TenantId,
    pub(crate) holder: TicketHolder,
}

impl Sealed for SocketTicket {
    const PURPOSE: &'static str = "desk-socket";
}

impl SocketTicket {
    pub(crate) fn grant(&self) -> TenantGrant {
        TenantGrant::verified(self.tenant)
    }
}

impl TicketHolder {
    /// Takes the tokens of a frame that writes or reads much: those of a request of the same holder.
    pub(crate) async fn take_tokens(
        &self,
        state: &State,
        tenant: TenantState,
    ) -> confab_core::Result<()> {
        match self {
            Self::Visitor {
                visitor, source, ..
            } => {
                let visitor = visitor.to_string();
                take_visitor_tokens(state, tenant, Some(&visitor), source.as_str()).await
            }
            Self::Agent { user, .. } => {
                let key = format!("member#{user}");
                for rate in RateClass::Member.rates(tenant.plan) {
                    state.store()?.take_token(rate, &key).await?;
                }
                Ok(())
            }
        }
    }
}
