//! The authorizer of sockets: admits the holder of a valid ticket. API Gateway attaches the ticket to each later event.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::{Allow, AuthorizerRequest};

use crate::{
    auth::SocketTicket,
    services::tickets::allow,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Tickets];

pub async fn handle(state: Arc<State>, request: AuthorizerRequest) -> Result<Allow> {
    let Some(token) = request.query_value("ticket") else {
        return Err(Error::unauthenticated("A socket needs a ticket."));
    };
    let ticket: SocketTicket = state.tickets()?.verify(token).await?;
    allow(&ticket)
}
