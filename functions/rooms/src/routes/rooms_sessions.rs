//! `POST /api/sessions/`: somebody new gets a session, and somebody known a fresh one.

use std::{sync::Arc, time::Duration};

use confab_aws::RateLimit;
use confab_core::{Clock, Result, Timestamp, UserId, after};
use confab_lambda::{ApiRequest, Response, response};
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

pub async fn handle(deps: Arc<Sessions>, call: ApiRequest) -> Result<Response> {
    let NewSession {} = call.json()?;
    let now = deps.clock.now();
    let user = match deps.doorman.guest(&call).await? {
        Some(user) => user,
        None => {
            let address = call.source_ip();
            RateLimit::per_hour(NEW_PER_ADDRESS)
                .take(&deps.store.table, &format!("session#{address}"), now)
                .await?;
            UserId::new(now, &deps.entropy)
        }
    };
    let expires_at = after(now, LASTS);
    let token = deps
        .doorman
        .keys
        .seal(SEAL, &rooms_domain::Session { user }, expires_at)
        .await?;
    response::json(
        StatusCode::CREATED,
        &Session {
            user_id: user,
            token,
            expires_at,
        },
    )
}

#[cfg(test)]
mod tests {
    use confab_lambda::ApiRequest;
    use serde_json::json;

    use super::*;
    use crate::testing::Cloud;

    /// A hundred at once, from one address: how many were refused.
    async fn refused(deps: &Arc<Sessions>, cloud: &Cloud) -> usize {
        let asks = futures::future::join_all((0..100).map(|_| async {
            let call: ApiRequest = cloud.asks_without_session("POST", "/api/sessions/", json!({}));
            handle(Arc::clone(deps), call).await
        }));
        let refusals = asks.await.into_iter().filter_map(Result::err);
        refusals
            .inspect(|error| assert_eq!(error.code(), "rate_limited"))
            .count()
    }

    #[tokio::test]
    async fn a_crowd_behind_one_address_gets_sessions_and_a_flood_does_not() {
        let cloud = Cloud::new().await;
        let deps = Arc::new(cloud.sessions().await);
        assert_eq!(refused(&deps, &cloud).await, 0);
        // Behind 590 others of the same hour. A token comes back every six seconds.
        let full_at = after(cloud.clock.now(), Duration::from_secs(590 * 6)).as_millisecond();
        let row = json!({ "full_at_ms": { "N": full_at.to_string() } });
        cloud.put_row("RATE#session#192.0.2.7", "RATE", row).await;
        let refused = refused(&deps, &cloud).await;
        assert!(
            (50..=90).contains(&refused),
            "{refused} of 100 were refused"
        );
    }
}
