//! `POST /pack-tune-received`: Astria says that something of an order is done. It signs nothing, so what it says is
//! not even read: a good ticket of the order makes us look at Astria ourselves.

use std::sync::Arc;

use confab_aws::Entry;
use confab_core::{Clock, Error, Result};
use confab_lambda::{ApiRequest, Response, metrics, response};
use http::StatusCode;
use studio_domain::{MakeJob, MakeTask};

use crate::{Callbacks, services::astria::Ticket, workers::studio_conversation::effects::SEAL};

pub async fn handle(deps: Arc<Callbacks>, call: ApiRequest) -> Result<Response> {
    let ticket = call.query_value("ticket").unwrap_or_default();
    let Ticket { order } = deps
        .keys
        .unseal(SEAL, &ticket, deps.clock.now())
        .await
        .map_err(rejected)?;
    let task = MakeTask::LookAfter { order };
    deps.making
        .send(&[Entry::standard(&MakeJob::V1 { task }, call.correlation_id)?])
        .await?;
    Ok(response::empty(StatusCode::OK))
}

fn rejected(error: Error) -> Error {
    metrics::count("WebhookRejected", "ticket");
    error
}
