//! `GET /carousel/health`: the process runs. `GET /carousel/ready`: the table and the queues
//! answer, too.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{Response, Router, extract::Whole, health};

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::ConversationQueue,
    Part::WriteQueue,
    Part::RenderQueue,
];

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /carousel/health", get_health)
        .route("HEAD /carousel/health", get_health)
        .route("GET /carousel/ready", get_health)
        .route("HEAD /carousel/ready", get_health)
}

async fn get_health(state: Arc<State>, Whole(request): Whole) -> Result<Response> {
    let check = check(&state);
    health("carousel", &request, &state.readiness, Box::pin(check)).await
}

async fn check(state: &State) -> Result<()> {
    let (conversation, write) = (state.conversation_queue()?, state.write_queue()?);
    tokio::try_join!(
        state.store()?.check(),
        conversation.depth(),
        write.depth(),
        state.render_queue()?.depth()
    )?;
    Ok(())
}
