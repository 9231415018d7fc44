//! `GET /payments/health`: the process answers. `GET /payments/ready`: so does what payments needs.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{ApiRequest, Response, health};

use crate::Health;

pub async fn handle(deps: Arc<Health>, call: ApiRequest) -> Result<Response> {
    let look = async { tokio::try_join!(deps.table.check(), deps.queue.depth()).map(drop) };
    health("payments", &call, &deps.readiness, Box::pin(look)).await
}
