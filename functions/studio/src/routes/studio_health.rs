//! `GET /studio/health`: the process runs. `GET /studio/ready`: the table and the queues answer,
//! too.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{Response, Router, extract::Whole, health};

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::ConversationQueue,
    Part::StatusQueue,
    Part::PhotoQueue,
    Part::GenerationQueue,
];

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /health", get_health)
        .route("HEAD /health", get_health)
        .route("GET /ready", get_health)
        .route("HEAD /ready", get_health)
        .route("GET /studio/health", get_health)
        .route("HEAD /studio/health", get_health)
        .route("GET /studio/ready", get_health)
        .route("HEAD /studio/ready", get_health)
}

async fn get_health(state: Arc<State>, Whole(request): Whole) -> Result<Response> {
    let check = check(&state);
    health("studio", &request, &state.readiness, Box::pin(check)).await
}

async fn check(state: &State) -> Result<()> {
    let (conversation, status) = (state.conversation_queue()?, state.status_queue()?);
    let (photo, generation) = (state.photo_queue()?, state.generation_queue()?);
    tokio::try_join!(
        state.store()?.check(),
        conversation.depth(),
        status.depth(),
        photo.depth(),
        generation.depth()
    )?;
    Ok(())
}
