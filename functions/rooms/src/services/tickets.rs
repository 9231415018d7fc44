//! Tickets: sealed, short-lived permissions to open one socket.

use confab_aws::Keyring;
use confab_core::{Clock, Error, Result, Timestamp};
use confab_lambda::{Allow, SocketRequest, SystemClock};
use rooms_domain::Ticket;

use crate::config::SESSION_SECRET;

#[derive(Debug)]
pub(crate) struct Tickets {
    secrets: Keyring,
    clock: SystemClock,
}

impl Tickets {
    pub(crate) fn new(secrets: Keyring, clock: SystemClock) -> Self {
        Self { secrets, clock }
    }

    /// Seals a ticket into a token.
    pub(crate) async fn issue(&self, ticket: &Ticket, expires_at: Timestamp) -> Result<String> {
        self.secrets.seal(SESSION_SECRET, ticket, expires_at).await
    }

    /// Opens a token. Fails for an expired or forged one.
    pub(crate) async fn verify(&self, token: &str) -> Result<Ticket> {
        let now = self.clock.now();
        self.secrets.unseal(SESSION_SECRET, token, now).await
    }
}

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
