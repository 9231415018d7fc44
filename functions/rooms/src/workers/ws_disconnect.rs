//! `$disconnect`: a socket is gone. API Gateway tells it as well as it can; what it does not tell is found by posting.

use std::sync::Arc;

use confab_core::{CorrelationId, Result};
use confab_lambda::SocketRequest;
use rooms_domain::Ticket;

use crate::{Departures, services::post_message::connection, services::presence::Presence};

pub async fn handle(deps: Arc<Departures>, frame: SocketRequest) -> Result<()> {
    leave(
        &deps,
        &connection(&frame)?,
        &frame.connection_id,
        frame.correlation_id,
    )
    .await
}

pub(crate) async fn leave(
    deps: &Departures,
    ticket: &Ticket,
    connection: &str,
    trace: CorrelationId,
) -> Result<()> {
    deps.store
        .disconnected(ticket.room, ticket.id, connection)
        .await?;
    let presence = Presence {
        store: &deps.store,
        broadcasts: &deps.broadcasts,
        clock: deps.clock,
        trace,
    };
    presence.on_departure(ticket.room).await
}
