//! Server-sent events: messages, taps, signs of life and calls.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use confab_simulator_base::stream_updates;

use crate::telegram::Telegram;

pub(crate) async fn stream(State(telegram): State<Arc<Telegram>>) -> impl IntoResponse {
    stream_updates(telegram.page_updates.subscribe(), telegram.context.closed())
}
