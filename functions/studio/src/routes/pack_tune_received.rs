//! `POST /pack-tune-received`: Astria reports progress of an order.
//!
//! Astria signs nothing, so the body is not read: a valid ticket of the order makes the worker poll
//! Astria.

use std::sync::Arc;

use confab_aws::Entry;
use confab_core::{CorrelationId, Error, Result};
use confab_lambda::{Response, Router, extract::Query, metrics, response};
use http::StatusCode;
use serde::Deserialize;
use studio_domain::{GenerationJob, GenerationTask};

use crate::{
    config::SEAL_SECRET,
    services::astria::CallbackTicket,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::GenerationQueue, Part::Seal, Part::SqsConnection];

pub fn routes() -> Router<State> {
    Router::new().route("POST /pack-tune-received", receive_callback)
}

#[derive(Debug, Deserialize)]
struct CallbackQuery {
    #[serde(default)]
    ticket: String,
}

async fn receive_callback(
    state: Arc<State>,
    Query(CallbackQuery { ticket }): Query<CallbackQuery>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let ticket = state
        .secrets()?
        .unseal(SEAL_SECRET, &ticket, state.clock.now())
        .await;
    let CallbackTicket { order } = ticket.map_err(rejected)?;
    let job = GenerationJob::V1 {
        task: GenerationTask::Check { order },
    };
    let entry = Entry::standard(&job, correlation_id)?;
    state.generation_queue()?.send(&[entry]).await?;
    Ok(response::empty(StatusCode::OK))
}

fn rejected(error: Error) -> Error {
    metrics::count("WebhookRejected", "ticket");
    error
}
