//! `$connect`: somebody with a ticket comes in, once.

use std::sync::Arc;

use confab_kernel::{Error, Result, worker::Read};
use confab_lambda::Frame;

use crate::{Door, speaking::connection};

pub async fn handle(deps: Arc<Door>, frame: Frame) -> Result<()> {
    if deps.origin.as_deref().is_some_and(|known| frame.header("origin") != Some(known)) {
        return Err(Error::forbidden("Not from this page."));
    }
    let ticket = connection(&frame)?;
    let visited = deps.store.visit(ticket.room, Some(ticket.user), Read::Latest).await?;
    if visited.standing == rooms_domain::Standing::Banned {
        return Err(Error::forbidden("You may not come back to this room."));
    }
    visited.room.lets_read(visited.standing)?;
    match deps.store.connected(&ticket, &frame.connection_id).await? {
        true => Ok(()),
        false => Err(Error::unauthenticated("The ticket was used before.")),
    }
}
