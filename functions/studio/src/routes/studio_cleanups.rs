//! `GET /api/studio/cleanups`: the latest cleanups. `POST` with `{"dry_run":true}` begins one.

use std::sync::Arc;

use confab_contracts::{Event, maintenance::CleanupDue};
use confab_core::{CorrelationId, EventId, Result};
use confab_lambda::{Operator, Response, Router, extract::Json, response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use studio_domain::PRODUCT;

use crate::{
    state::{Part, State},
    store::CleanupReport,
};

pub const PARTS: &[Part] = &[Part::Store, Part::Bus, Part::OperatorKey];

/// Maximum cleanups in a list: more than a year of weekly ones.
const MAX_REPORTS: i32 = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCleanup {
    dry_run: bool,
}

#[derive(Serialize)]
struct StartedCleanup {
    run: EventId,
}

#[derive(Serialize)]
struct CleanupList {
    cleanups: Vec<CleanupReport>,
}

pub fn routes() -> Router<State> {
    Router::new()
        .route("GET /api/studio/cleanups", list_cleanups)
        .route("POST /api/studio/cleanups", post_cleanup)
}

async fn list_cleanups(state: Arc<State>, _: Operator) -> Result<Response> {
    let cleanups = state.store()?.cleanups(MAX_REPORTS).await?;
    response::json(StatusCode::OK, &CleanupList { cleanups })
}

/// Publishes the same event as the weekly schedule.
async fn post_cleanup(
    state: Arc<State>,
    _: Operator,
    correlation_id: CorrelationId,
    Json(NewCleanup { dry_run }): Json<NewCleanup>,
) -> Result<Response> {
    let now = state.clock.now();
    let run = EventId::new(now, &state.entropy);
    let event = Event::new(
        run,
        now,
        PRODUCT,
        correlation_id,
        run.to_string(),
        CleanupDue { dry_run },
    );
    state.bus()?.publish(&[event]).await?;
    response::json(StatusCode::ACCEPTED, &StartedCleanup { run })
}
