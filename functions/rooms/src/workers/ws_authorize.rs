//! Who may open a socket: whoever shows a ticket of ours that is not over. What it says goes with each of their frames.

use std::sync::Arc;

use confab_core::{Error, Result};
use confab_lambda::{Allow, AuthorizerRequest};

use crate::Gate;

pub async fn handle(deps: Arc<Gate>, knock: AuthorizerRequest) -> Result<Allow> {
    let missing = || Error::unauthenticated("A socket opens with a ticket.");
    let ticket = deps
        .doorman
        .ticket(knock.query_value("ticket").ok_or_else(missing)?)
        .await?;
    Ok(Allow {
        principal: ticket.user.to_string(),
        context: vec![
            ("room", ticket.room.to_string()),
            ("user", ticket.user.to_string()),
            ("ticket", ticket.id.to_string()),
            ("address", ticket.address.as_str().to_owned()),
        ],
    })
}
