//! The ticket of a socket in API Gateway's authorizer context, and its place among the channels.

use confab_core::{Error, Result};
use confab_lambda::{Allow, SocketRequest};

use crate::{
    auth::{SocketTicket, TicketHolder},
    live_channels::{LiveChannel, Party},
};

const TICKET: &str = "ticket";

/// The authorizer's answer for a ticket. API Gateway attaches its context to each event of the connection.
pub(crate) fn allow(ticket: &SocketTicket) -> Result<Allow> {
    let json = serde_json::to_string(ticket).map_err(|e| Error::internal("render_failed", e))?;
    Ok(Allow {
        principal: ticket.party().to_string(),
        context: vec![(TICKET, json)],
    })
}

/// Reads the ticket of a connection from the authorizer's context.
pub(crate) fn ticket_of(request: &SocketRequest) -> Result<SocketTicket> {
    let json = request.authorized(TICKET)?;
    // The error would quote the ticket.
    serde_json::from_str(json).map_err(|_| Error::internal("broken_event", "an unreadable ticket"))
}

impl SocketTicket {
    pub(crate) fn party(&self) -> Party {
        match self.holder {
            TicketHolder::Agent { user, .. } => Party::Agent(user),
            TicketHolder::Visitor { visitor, .. } => Party::Visitor(visitor),
        }
    }

    /// Returns the channel in which the socket is from its opening to its end.
    pub(crate) fn channel(&self) -> LiveChannel {
        self.party().channel(self.tenant)
    }
}
