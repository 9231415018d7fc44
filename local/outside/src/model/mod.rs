//! A model behind OpenAI's API, as much of it as looking at a picture, comparing texts and judging both need. It does not
//! know what is in a picture: it names colours, light and lines, the same ones each time.

mod api;
pub(crate) mod behaviour;
mod chat;
mod completion;
mod embeddings;
mod fields;
mod hash;
mod moderations;
mod names;
mod pictures;
mod refusal;
mod schema;
mod sight;
mod vocabulary;

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get},
};

use crate::Outside;

/// The model's key here. It opens nothing outside.
pub(crate) const API_KEY: &str = "model-key";

pub(crate) fn routes() -> Router<Arc<Outside>> {
    Router::new()
        .route("/model/v1/{*path}", any(api::call))
        .route(
            "/api/model/settings",
            get(behaviour::settings).put(behaviour::set_settings),
        )
        .route(
            "/api/model/faults",
            get(behaviour::faults).put(behaviour::set_faults),
        )
        .route("/api/model/calls", get(behaviour::calls))
}
