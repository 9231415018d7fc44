//! `$connect`: somebody with a ticket comes in, once.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::SocketRequest;
use confab_worker::Consistency;
use rooms_domain::{Standing, Ticket};

use crate::{Door, services::post_message::connection};

pub async fn handle(deps: Arc<Door>, frame: SocketRequest) -> Result<()> {
    if deps
        .origin
        .as_deref()
        .is_some_and(|known| frame.header("origin") != Some(known))
    {
        return Err(Error::forbidden("Not from this page."));
    }
    let ticket = connection(&frame)?;
    if !deps.store.connected(&ticket, &frame.connection_id).await? {
        return Err(Error::unauthenticated("The ticket was used before."));
    }
    // Whoever shows somebody out from now on finds the socket; whoever did before is found here.
    let lets_in = lets_in(&deps, &ticket).await;
    if lets_in.is_err() {
        deps.store
            .disconnected(ticket.room, ticket.id, &frame.connection_id)
            .await?;
    }
    lets_in
}

async fn lets_in(deps: &Door, ticket: &Ticket) -> Result<()> {
    let visited = deps
        .store
        .visit(ticket.room, Some(ticket.user), Consistency::Strong)
        .await?;
    if visited.standing == Standing::Banned {
        return Err(Error::forbidden("You may not come back to this room."));
    }
    visited.room.lets_read(visited.standing)
}
