//! Health: the process runs. Ready: the table and the queues answer, too.

use std::sync::Arc;

use confab_core::Result;
use confab_lambda::{Response, Router, extract::Whole, health};

use crate::state::{Part, State};

pub const PARTS: &[Part] = &[
    Part::Store,
    Part::Broadcasts,
    Part::Mails,
    Part::Provisioning,
];

const KEYS: [&str; 8] = [
    "GET /desk/health",
    "HEAD /desk/health",
    "GET /desk/ready",
    "HEAD /desk/ready",
    "GET /health/live",
    "HEAD /health/live",
    "GET /health/ready",
    "HEAD /health/ready",
];

pub fn routes() -> Router<State> {
    let routes = KEYS.into_iter();
    routes.fold(Router::new(), |routes, key| routes.route(key, get_health))
}

async fn get_health(state: Arc<State>, Whole(request): Whole) -> Result<Response> {
    let check = check(&state);
    health("desk", &request, &state.readiness, Box::pin(check)).await
}

async fn check(state: &State) -> Result<()> {
    tokio::try_join!(
        state.store()?.check(),
        state.broadcasts()?.depth(),
        state.mails()?.depth(),
        state.provisioning()?.depth()
    )?;
    Ok(())
}
