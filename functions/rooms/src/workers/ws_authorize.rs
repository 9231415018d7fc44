//! The authorizer of sockets: admits the holder of a valid ticket. API Gateway attaches the ticket to each later event.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::{Allow, AuthorizerRequest};
use rooms_domain::Ticket;

use crate::{
    services::tickets::allow,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Tickets];

pub async fn handle(state: Arc<State>, request: AuthorizerRequest) -> Result<Allow> {
    let Some(token) = request.query_value("ticket") else {
        return Err(Error::unauthenticated("A socket needs a ticket."));
    };
    let ticket: Ticket = state.tickets()?.verify(token).await?;
    Ok(allow(&ticket))
}
