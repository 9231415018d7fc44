//! The phone's API: people, what they say and see, and how the providers behave. See API.md of `local`.

mod behaviour;
mod people;
mod say;
mod stream;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::Outside;

pub(crate) fn routes() -> Router<Arc<Outside>> {
    Router::new()
        .route("/api/phone/people", get(people::list).post(people::add))
        .route(
            "/api/phone/people/{id}/messages",
            get(people::messages).post(say::say),
        )
        .route("/api/phone/people/{id}/read", post(people::read))
        .route("/api/phone/media/{id}", get(people::media))
        .route("/api/phone/stream", get(stream::stream))
        .route(
            "/api/phone/settings",
            get(behaviour::settings).put(behaviour::set_settings),
        )
        .route(
            "/api/phone/faults",
            get(behaviour::faults).put(behaviour::set_faults),
        )
        .route("/api/phone/pending", get(behaviour::pending))
        .route("/api/phone/sent", get(behaviour::sent))
        .route("/api/phone/verify", post(behaviour::verify))
}
