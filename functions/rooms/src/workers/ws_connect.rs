//! `$connect`: stores a connection. A ticket opens one connection, once.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::SocketRequest;
use confab_worker::Consistency;
use rooms_domain::{AccessLevel, Ticket};

use crate::{
    services::{room_access::authorize_read, tickets::ticket_of},
    state::{Part, State},
    store::Store,
};

pub const PARTS: &[Part] = &[Part::Store, Part::AllowedOrigin, Part::DynamoDbConnection];

pub async fn handle(state: Arc<State>, request: SocketRequest) -> Result<()> {
    if let Some(allowed) = state.allowed_origin.as_deref()
        && request.header("origin") != Some(allowed)
    {
        return Err(Error::forbidden("This page cannot open a socket."));
    }
    let ticket = ticket_of(&request)?;
    let (store, connection) = (state.store()?, &request.connection_id);
    if !store
        .connections
        .put(&ticket.room, ticket.id, &ticket.user, connection)
        .await?
    {
        return Err(Error::unauthenticated("This ticket has been used."));
    }
    // Later removals find the stored connection. Earlier ones are found by this read.
    let authorized = authorize(store, &ticket).await;
    if authorized.is_err() {
        store
            .connections
            .delete(&ticket.room, ticket.id, connection)
            .await?;
    }
    authorized
}

async fn authorize(store: &Store, ticket: &Ticket) -> Result<()> {
    let loaded = store
        .load_room_for(ticket.room, Some(ticket.user), Consistency::Strong)
        .await?;
    if loaded.access == AccessLevel::Banned {
        return Err(Error::forbidden("You have been banned from this room."));
    }
    authorize_read(&loaded)
}
