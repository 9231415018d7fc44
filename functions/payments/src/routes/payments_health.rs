//! `GET /payments/health`: the process runs. `GET /payments/ready`: its table and queue answer.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{Response, Router, extract::Whole, health};

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[Part::Store, Part::Queue];

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /payments/health", get_health)
        .route("HEAD /payments/health", get_health)
        .route("GET /payments/ready", get_health)
        .route("HEAD /payments/ready", get_health)
}

async fn get_health(state: Arc<State>, Whole(request): Whole) -> Result<Response> {
    let (store, queue) = (state.store()?, state.queue()?);
    let check = async { tokio::try_join!(store.check(), queue.depth()).map(drop) };
    health("payments", &request, &state.readiness, Box::pin(check)).await
}
