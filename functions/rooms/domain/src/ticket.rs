//! What somebody shows: who they are, and that they may open a socket.

use confab_core::{Private, Sealed, TicketId, UserId};
use serde::{Deserialize, Serialize};

use crate::RoomCode;

/// Who somebody is, for a month.
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
    /// What it is known by: the socket's row lies under it.
    pub id: TicketId,
    pub room: RoomCode,
    pub user: UserId,
    /// Where it was asked for: messages over its socket count for this address. Empty: unknown.
    #[serde(default)]
    pub address: Private<String>,
}

impl Sealed for Ticket {
    const PURPOSE: &'static str = "rooms-ticket";
}
