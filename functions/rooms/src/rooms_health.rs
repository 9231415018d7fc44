//! `GET /rooms/health`: the process answers. `GET /rooms/ready`: so does what rooms need.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{Call, Reply, health};

use crate::Health;

pub async fn handle(deps: Arc<Health>, call: Call) -> Result<Reply> {
    let look = async { tokio::try_join!(deps.table.check(), deps.broadcasts.depth()).map(drop) };
    health("rooms", &call, &deps.readiness, Box::pin(look)).await
}
