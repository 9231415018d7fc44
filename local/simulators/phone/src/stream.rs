//! Server-sent events: new and changed messages.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use confab_simulator_base::stream_updates;

use crate::phone::Phone;

pub(crate) async fn stream(State(phone): State<Arc<Phone>>) -> impl IntoResponse {
    stream_updates(phone.context.page_updates(), phone.context.closed())
}
