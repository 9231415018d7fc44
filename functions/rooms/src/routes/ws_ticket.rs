//! `POST /api/ws-ticket`: what opens a socket, once and soon.

use std::{sync::Arc, time::Duration};

use confab_aws::RateLimit;
use confab_core::{Clock, Result, TicketId, Timestamp, after};
use confab_lambda::{ApiRequest, Response, response};
use confab_worker::Consistency;
use http::StatusCode;
use rooms_domain::{RoomCode, Ticket};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{SEAL, Tickets};

const LASTS: Duration = Duration::from_secs(30);
/// Of a bad connection on several devices.
const TICKETS: RateLimit = RateLimit {
    burst: 60,
    every: Duration::from_secs(2),
};

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketWanted {
    code: RoomCode,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct SocketTicket {
    url: String,
    expires_at: Timestamp,
}

pub async fn handle(deps: Arc<Tickets>, call: ApiRequest) -> Result<Response> {
    let user = deps.doorman.caller(&call).await?;
    let TicketWanted { code } = call.json()?;
    let visited = deps
        .store
        .visit(code, Some(user), Consistency::Eventual)
        .await?;
    visited.room.lets_read(visited.standing)?;
    let now = deps.clock.now();
    TICKETS
        .take(&deps.store.table, &format!("ticket#{user}"), now)
        .await?;
    let expires_at = after(now, LASTS);
    let address = call.source_ip().into();
    let ticket = Ticket {
        id: TicketId::new(now, &deps.entropy),
        room: code,
        user,
        address,
    };
    let ticket = deps.doorman.keys.seal(SEAL, &ticket, expires_at).await?;
    response::json(
        StatusCode::CREATED,
        &SocketTicket {
            url: format!("{}?ticket={ticket}", deps.socket_url),
            expires_at,
        },
    )
}
