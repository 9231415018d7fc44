//! `GET /studio/health`: the process answers. `GET /studio/ready`: so does what the studio needs.

use std::sync::Arc;

use confab_kernel::{Error, Result};
use confab_lambda::{Call, Reply, reply};
use http::StatusCode;
use serde::Serialize;

use crate::Health;

#[derive(Serialize)]
struct Answer {
    service: &'static str,
    status: &'static str,
}

pub async fn handle(deps: Arc<Health>, call: Call) -> Result<Reply> {
    let status = if call.path().ends_with("/ready") {
        let (table, depth) = tokio::join!(deps.table.check(), deps.queue.depth());
        table.and(depth.map(drop)).map_err(not_ready)?;
        "ready"
    } else {
        "healthy"
    };
    reply::json(StatusCode::OK, &Answer { service: "studio", status })
}

fn not_ready(cause: Error) -> Error {
    Error::unavailable("not_ready", cause)
}
