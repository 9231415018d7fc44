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

#[cfg(test)]
mod tests {
    use rooms_domain::RemovalReason;

    use super::*;
    use crate::testing::{Cloud, code, user};

    #[tokio::test]
    async fn banned_users_cannot_connect() {
        let cloud = Cloud::new().await;
        cloud.add_member(2).await;
        let ticket = cloud.ticket(2, 1);
        authorize(&cloud.store, &ticket).await.unwrap();
        cloud
            .store
            .remove_member(code(), user(2), RemovalReason::Banned)
            .await
            .unwrap();
        let refused = authorize(&cloud.store, &ticket).await.unwrap_err();
        assert_eq!(refused.code(), "forbidden");
    }

    #[tokio::test]
    async fn a_ticket_opens_one_connection() {
        let cloud = Cloud::new().await;
        let ticket = cloud.ticket(1, 1);
        assert!(cloud.put_connection(&ticket, "first").await);
        assert!(!cloud.put_connection(&ticket, "second").await);
        cloud
            .store
            .connections
            .delete(&code(), ticket.id, "first")
            .await
            .unwrap();
        assert!(!cloud.put_connection(&ticket, "third").await);
    }
}
