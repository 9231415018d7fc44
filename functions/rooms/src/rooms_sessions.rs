//! `POST /api/sessions/`: somebody new gets a session, and somebody known a fresh one.

use std::{sync::Arc, time::Duration};

use confab_aws::Rate;
use confab_kernel::{Clock, Result, Timestamp, UserId, after};
use confab_lambda::{Call, Reply, reply};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{SEAL, Sessions};

const LASTS: Duration = Duration::from_secs(30 * 24 * 3600);
/// A festival behind one address: rooms are for people in one place.
const NEW_PER_ADDRESS: u32 = 600;

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSession {}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Session {
    user_id: UserId,
    token: String,
    expires_at: Timestamp,
}

pub async fn handle(deps: Arc<Sessions>, call: Call) -> Result<Reply> {
    let NewSession {} = call.json()?;
    let now = deps.clock.now();
    let user = match deps.doorman.guest(&call).await? {
        Some(user) => user,
        None => {
            let address = call.source_ip();
            Rate::per_hour(NEW_PER_ADDRESS).take(&deps.store.table, &format!("session#{address}"), now).await?;
            UserId::new(now, &deps.entropy)
        }
    };
    let expires_at = after(now, LASTS);
    let token = deps.doorman.keys.seal(SEAL, &rooms_domain::Session { user }, expires_at).await?;
    reply::json(StatusCode::CREATED, &Session { user_id: user, token, expires_at })
}
