//! `POST /api/ws-ticket`: what opens a socket, once and soon.

use std::{sync::Arc, time::Duration};

use confab_kernel::{Clock, EventId, Result, Timestamp, after, worker::Read};
use confab_lambda::{Call, Reply, reply};
use http::StatusCode;
use rooms_domain::{RoomCode, Ticket};
use serde::{Deserialize, Serialize};

use crate::{SEAL, Tickets};

const LASTS: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct In {
    code: RoomCode,
}

#[derive(Serialize)]
struct Out {
    url: String,
    expires_at: Timestamp,
}

pub async fn handle(deps: Arc<Tickets>, call: Call) -> Result<Reply> {
    let user = deps.doorman.caller(&call).await?;
    let In { code } = call.json()?;
    let visited = deps.store.visit(code, Some(user), Read::MayLag).await?;
    visited.room.lets_read(visited.standing)?;
    let now = deps.clock.now();
    let expires_at = after(now, LASTS);
    let id = EventId::new(now, &deps.entropy).to_string().replacen("evt_", "", 1);
    let ticket = deps.doorman.keys.seal(SEAL, &Ticket { id, room: code, user }, expires_at).await?;
    reply::json(StatusCode::CREATED, &Out { url: format!("{}?ticket={ticket}", deps.socket_url), expires_at })
}
