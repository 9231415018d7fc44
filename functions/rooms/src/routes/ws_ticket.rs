//! `POST /api/ws-ticket`: issues a ticket that opens one socket.

use std::{sync::Arc, time::Duration};

use confab_aws::RateLimit;
use confab_core::{Result, TicketId, Timestamp, after};
use confab_lambda::{
    Response, Router,
    extract::{Json, SourceIp},
    response,
};
use confab_worker::Consistency;
use http::StatusCode;
use rooms_domain::{RoomCode, Ticket};
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
#[cfg(test)]
use utoipa::ToSchema;

use crate::{
    extract::User,
    services::room_access::authorize_read,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Sessions,
    Part::Tickets,
    Part::Store,
    Part::SocketUrl,
    Part::DynamoDbConnection,
];

const TICKET_TTL: Duration = Duration::from_secs(30);
/// Enough for several devices with a bad connection.
const TICKETS_PER_USER: RateLimit = RateLimit {
    burst: 60,
    every: Duration::from_secs(2),
};

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, ts(rename = "TicketWanted"))]
#[cfg_attr(test, schema(as = TicketWanted))]
pub(crate) struct TicketRequest {
    code: RoomCode,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
pub(crate) struct SocketTicket {
    url: String,
    expires_at: Timestamp,
}

pub fn routes() -> Router<State> {
    Router::new().route("POST /api/ws-ticket", create_ticket)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/ws-ticket",
    operation_id = "ticket",
    tag = "Live",
    request_body = TicketRequest,
    responses(
        (status = 201, description = "A ticket that opens one socket within 30 seconds.", body = SocketTicket),
        BadRequest,
        Unauthorized,
        NotFound,
        RateLimited,
    ),
    security(("session" = []))
))]
pub(crate) async fn create_ticket(
    state: Arc<State>,
    User(user): User,
    Json(TicketRequest { code }): Json<TicketRequest>,
    SourceIp(address): SourceIp,
) -> Result<Response> {
    let store = state.store()?;
    let loaded = store
        .load_room_for(code, Some(user), Consistency::Eventual)
        .await?;
    authorize_read(&loaded)?;
    store
        .take_token(TICKETS_PER_USER, &format!("ticket#{user}"))
        .await?;
    let now = state.clock.now();
    let expires_at = after(now, TICKET_TTL);
    let ticket = Ticket {
        id: TicketId::new(now, &state.entropy),
        room: code,
        user,
        address: address.into(),
    };
    let token = state.tickets()?.issue(&ticket, expires_at).await?;
    let url = format!("{}?ticket={token}", state.socket_url()?);
    response::json(StatusCode::CREATED, &SocketTicket { url, expires_at })
}

#[cfg(test)]
use crate::contract::{BadRequest, NotFound, RateLimited, Unauthorized};
