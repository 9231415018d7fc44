//! `POST /update-images`: begins a refresh of the packs and their sample sheets. `GET` returns its
//! progress.

use std::sync::Arc;

use confab_core::{CorrelationId, Error, EventId, Result};
use confab_lambda::{Operator, Response, Router, response};
use http::StatusCode;

use crate::{
    services::pack_refresh::begin_refresh,
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Store, Part::PackQueue, Part::OperatorKey];

pub fn routes() -> Router<State> {
    Router::new()
        .route("POST /update-images", post_refresh)
        .route("GET /update-images", get_progress)
}

async fn post_refresh(
    state: Arc<State>,
    _: Operator,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let id = EventId::new(state.clock.now(), &state.entropy);
    begin_refresh(&state, id, correlation_id).await?;
    render_progress(&state, StatusCode::ACCEPTED).await
}

async fn get_progress(state: Arc<State>, _: Operator) -> Result<Response> {
    render_progress(&state, StatusCode::OK).await
}

async fn render_progress(state: &State, status: StatusCode) -> Result<Response> {
    let progress = state.store()?.refresh_progress().await?;
    let progress = progress.ok_or_else(|| Error::not_found("refresh"))?;
    response::json(status, &progress)
}
