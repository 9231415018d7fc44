//! The ticket of a socket in API Gateway's authorizer context.

use confab_core::{Error, Result};
use confab_lambda::{Allow, SocketRequest};
use rooms_domain::Ticket;

/// The authorizer's answer for a ticket. API Gateway attaches its context to each event of the connection.
pub(crate) fn allow(ticket: &Ticket) -> Allow {
    Allow {
        principal: ticket.user.to_string(),
        context: vec![
            ("room", ticket.room.to_string()),
            ("user", ticket.user.to_string()),
            ("ticket", ticket.id.to_string()),
            ("address", ticket.address.as_str().to_owned()),
        ],
    }
}

/// Reads the ticket of a connection from the authorizer's context.
pub(crate) fn ticket_of(request: &SocketRequest) -> Result<Ticket> {
    let malformed = || Error::internal("broken_event", "a connection without a user");
    let id = request.authorized("ticket")?;
    let user = request.authorized("user")?;
    Ok(Ticket {
        id: id.parse().map_err(|_| malformed())?,
        room: request.authorized("room")?.parse()?,
        user: user.parse().map_err(|_| malformed())?,
        // Tickets of earlier releases have no address.
        address: request.authorized("address").unwrap_or_default().into(),
    })
}
