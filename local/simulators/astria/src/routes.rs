//! Routes of the API and the control API.

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get, post},
};

use crate::{api, astria::Astria, control, media, selfies, settings_api};

pub fn routes(astria: Arc<Astria>) -> Router {
    Router::new()
        .route("/astria/{*path}", any(api::call))
        .route("/astria/media/{*path}", get(media::show))
        .route("/astria/selfies/{file}", get(selfies::show))
        .route("/api/astria/tunes", get(control::tunes))
        .route("/api/astria/tunes/{id}", get(control::tune))
        .route("/api/astria/tunes/{id}/finish", post(control::finish))
        .route("/api/astria/tunes/{id}/callback", post(control::call_back))
        .route("/api/astria/pending", get(control::pending))
        .route(
            "/api/astria/settings",
            get(settings_api::settings).put(settings_api::set_settings),
        )
        .route(
            "/api/astria/faults",
            get(settings_api::faults).put(settings_api::set_faults),
        )
        .with_state(astria)
}
