//! `GET /rooms/health`: the process answers. `GET /rooms/ready`: so do the services that rooms need.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{Response, Router, extract::Whole, health};

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[Part::Store, Part::Broadcasts];

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /rooms/health", check_health)
        .route("HEAD /rooms/health", check_health)
        .route("GET /rooms/ready", check_health)
        .route("HEAD /rooms/ready", check_health)
}

async fn check_health(state: Arc<State>, Whole(request): Whole) -> Result<Response> {
    let (store, broadcasts) = (state.store()?, state.broadcasts()?);
    let check = async { tokio::try_join!(store.check(), broadcasts.depth()).map(drop) };
    health("rooms", &request, &state.readiness, Box::pin(check)).await
}
