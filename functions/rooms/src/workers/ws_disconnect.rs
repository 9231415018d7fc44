//! `$disconnect`: deletes a closed connection. API Gateway reports closings at best effort; posts find the others.

use std::sync::Arc;

use confab_core::{CorrelationId, Result};
use confab_lambda::SocketRequest;
use rooms_domain::Ticket;

use crate::{
    services::tickets::ticket_of,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Store, Part::Broadcasts, Part::DynamoDbConnection];

pub async fn handle(state: Arc<State>, request: SocketRequest) -> Result<()> {
    let ticket = ticket_of(&request)?;
    let (connection, correlation_id) = (&request.connection_id, request.correlation_id);
    disconnect(&state, &ticket, connection, correlation_id).await
}

pub(crate) async fn disconnect(
    state: &State,
    ticket: &Ticket,
    connection: &str,
    correlation_id: CorrelationId,
) -> Result<()> {
    state
        .store()?
        .connections
        .delete(&ticket.room, ticket.id, connection)
        .await?;
    state
        .presence()?
        .on_departure(ticket.room, correlation_id)
        .await
}
