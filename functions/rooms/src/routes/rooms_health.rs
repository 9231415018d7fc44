//! `GET /rooms/health`: the process answers. `GET /rooms/ready`: so does what rooms need.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{ApiRequest, Response, health};

use crate::Health;

pub async fn handle(deps: Arc<Health>, call: ApiRequest) -> Result<Response> {
    let look = async { tokio::try_join!(deps.table.check(), deps.broadcasts.depth()).map(drop) };
    health("rooms", &call, &deps.readiness, Box::pin(look)).await
}
