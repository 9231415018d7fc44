//! Sealed credentials: the session of a user, and the ticket that opens a socket.

use confab_core::{Private, Sealed, TicketId, UserId};
use serde::{Deserialize, Serialize};

use crate::RoomCode;

/// Authenticates a user for a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    pub user: UserId,
}

impl Sealed for Session {
    const PURPOSE: &'static str = "rooms-session";
}

/// Opens one socket to a room, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The sort key of the connection's row.
    pub id: TicketId,
    pub room: RoomCode,
    pub user: UserId,
    /// The IP address that requested it. Rate limits count the socket's messages for this address; empty is unknown.
    #[serde(default)]
    pub address: Private<String>,
}

impl Sealed for Ticket {
    const PURPOSE: &'static str = "rooms-ticket";
}
