//! `POST /ws-ticket` for agents, and `POST /widget/ticket` for visitors: tickets that open one socket each.

use std::sync::Arc;

use confab_core::{Error, Result, TenantId, TicketId, Timestamp, after};
use confab_lambda::{Response, Router, response};
use desk_domain::{Action, LimitName, admits_socket};
use http::StatusCode;
use serde::Serialize;

use crate::{
    auth::{Access, Caller, SocketTicket, TICKET_TTL, TenantState, TicketHolder, VisitorAccess},
    services::{limits::limit_reached, socket_access::load_holder},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::TokenKeys,
    Part::Sealer,
    Part::Tickets,
    Part::SocketUrl,
    Part::DynamoDbConnection,
];

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema), ts(rename = "SocketTicket"), schema(as = SocketTicket))]
pub(crate) struct TicketAnswer {
    url: String,
    expires_at: Timestamp,
}

pub fn routes() -> Router<State> {
    Router::new()
        .page_origin(State::console_origin)
        .route("POST /ws-ticket", create_agent_ticket)
        .route("POST /widget/ticket", create_visitor_ticket)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/ws-ticket",
    operation_id = "create_agent_ticket",
    tag = "Live",
    responses(
        (status = 201, description = "A ticket that opens one socket within 30 seconds.", body = TicketAnswer),
        WriteRefusals,
    ),
    security(("access_token" = []))
))]
pub(crate) async fn create_agent_ticket(state: Arc<State>, access: Access) -> Result<Response> {
    access.require(Action::ReadConversations)?;
    let Caller::Member {
        user,
        role,
        session,
    } = access.caller
    else {
        return Err(Error::forbidden("Only members can open a socket."));
    };
    let holder = TicketHolder::Agent {
        user,
        role,
        session,
    };
    issue(&state, access.tenant, access.grant.id(), holder).await
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/widget/ticket",
    operation_id = "create_visitor_ticket",
    tag = "Live",
    responses(
        (status = 201, description = "A ticket that opens one socket within 30 seconds.", body = TicketAnswer),
        WriteRefusals,
    ),
    security(("visitor_token" = []))
))]
pub(crate) async fn create_visitor_ticket(
    state: Arc<State>,
    access: VisitorAccess,
) -> Result<Response> {
    let holder = TicketHolder::Visitor {
        visitor: access.token.visitor,
        bot: access.token.bot,
        is_verified: access.token.is_verified,
        source: access.source,
    };
    issue(&state, access.tenant, access.token.tenant, holder).await
}

/// Issues a ticket to a holder whose session has not ended and who is not blocked.
async fn issue(
    state: &State,
    tenant: TenantState,
    tenant_id: TenantId,
    holder: TicketHolder,
) -> Result<Response> {
    let now = state.clock.now();
    let ticket = SocketTicket {
        id: TicketId::new(now, &state.entropy),
        tenant: tenant_id,
        holder,
    };
    let rows = state.store()?.tenant(ticket.grant());
    let (holder, open) = tokio::join!(load_holder(state, &ticket), rows.count_open_sockets(now));
    holder?;
    // The handshake of a refused socket would carry no reason, so that the limit is checked here.
    if !admits_socket(&tenant.sockets, open?) {
        return Err(limit_reached(LimitName::Sockets));
    }
    let expires_at = after(now, TICKET_TTL);
    let token = state.tickets()?.issue(&ticket, expires_at).await?;
    let url = format!("{}?ticket={token}", state.socket_url()?);
    response::json(StatusCode::CREATED, &TicketAnswer { url, expires_at })
}

#[cfg(test)]
use crate::contract::WriteRefusals;
