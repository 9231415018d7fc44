//! Routes of the API and the control API.

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get},
};

use crate::{api, openai::OpenAi, settings_api};

pub fn routes(openai: Arc<OpenAi>) -> Router {
    Router::new()
        .route("/model/v1/{*path}", any(api::call))
        .route(
            "/api/model/settings",
            get(settings_api::settings).put(settings_api::set_settings),
        )
        .route(
            "/api/model/faults",
            get(settings_api::faults).put(settings_api::set_faults),
        )
        .route("/api/model/calls", get(settings_api::call_counts))
        .with_state(openai)
}
