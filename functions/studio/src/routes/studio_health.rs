//! `GET /studio/health`: the process answers. `GET /studio/ready`: so does what the studio needs.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{ApiRequest, Response, health};

use crate::Health;

pub async fn handle(deps: Arc<Health>, call: ApiRequest) -> Result<Response> {
    let look = async {
        let [messages, statuses, photos, making] = &deps.queues;
        let depths = async {
            tokio::try_join!(
                messages.depth(),
                statuses.depth(),
                photos.depth(),
                making.depth()
            )
        };
        tokio::try_join!(deps.table.check(), depths).map(drop)
    };
    health("studio", &call, &deps.readiness, Box::pin(look)).await
}
