//! `$connect` and `$disconnect`: connections are stored and deleted, and counted. A ticket opens one connection, once.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::SocketRequest;
use confab_worker::Consistency;

use crate::{
    auth::{SocketTicket, TicketHolder},
    live_channels::LiveChannel,
    services::{
        presence::Presence,
        socket_access::{load_holder, open_tenant},
        tickets::ticket_of,
    },
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Broadcasts,
    Part::DynamoDbConnection,
    Part::SqsConnection,
];

pub async fn handle(state: Arc<State>, request: SocketRequest) -> Result<()> {
    let ticket = ticket_of(&request)?;
    match request.route.as_str() {
        "$connect" => connect(&state, &request, &ticket).await,
        "$disconnect" => disconnect(&state, &request, &ticket).await,
        other => Err(Error::internal("unknown_route", other)),
    }
}

async fn connect(state: &State, request: &SocketRequest, ticket: &SocketTicket) -> Result<()> {
    let store = state.store()?;
    let (channel, connection) = (ticket.channel(), &request.connection_id);
    let is_first = store
        .connections
        .put(&channel, ticket.id, &ticket.party(), connection)
        .await?;
    if !is_first {
        return Err(Error::unauthenticated("This ticket has been used."));
    }
    // Later removals find the stored connection. Earlier ones are found by these reads.
    if let Err(refused) = authorize(state, ticket).await {
        store
            .connections
            .delete(&channel, ticket.id, connection)
            .await?;
        return Err(refused);
    }
    let tenant = store.tenant(ticket.grant());
    tenant.count_opened_socket(request.connected_at).await
}

async fn authorize(state: &State, ticket: &SocketTicket) -> Result<()> {
    open_tenant(state, ticket, false).await?;
    load_holder(state, ticket).await.map(drop)
}

/// API Gateway reports closings at best effort; posts find the others.
async fn disconnect(state: &State, request: &SocketRequest, ticket: &SocketTicket) -> Result<()> {
    let store = state.store()?;
    let (channel, connection) = (ticket.channel(), &request.connection_id);
    let tenant = store.tenant(ticket.grant());
    store
        .connections
        .delete(&channel, ticket.id, connection)
        .await?;
    let presence = Presence::new(state, tenant, request.correlation_id)?;
    match ticket.holder {
        TicketHolder::Agent { .. } => presence.on_agent_departure().await?,
        TicketHolder::Visitor { visitor, .. } => {
            if !has_sockets(state, &channel, request).await? {
                presence.on_visitor_departure(visitor, ticket.id).await?;
            }
        }
    }
    // Counted last, so that an event that is repeated after a failure counts once.
    tenant.count_closed_socket(request.connected_at).await
}

/// Whether the visitor has another socket, such as that of the next page.
async fn has_sockets(
    state: &State,
    channel: &LiveChannel,
    request: &SocketRequest,
) -> Result<bool> {
    let read = Consistency::Strong;
    let connections = &state.store()?.connections;
    let page = connections.list(channel, None, read, request.correlation_id);
    Ok(!page.await?.connections.is_empty())
}
