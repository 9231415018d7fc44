//! Routes of the phone. See docs/simulators.md.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{new_message, people, phone::Phone, provider_settings, sent, stream};

pub fn routes(phone: Arc<Phone>) -> Router {
    Router::new()
        .route("/api/phone/people", get(people::list).post(people::add))
        .route(
            "/api/phone/people/{id}/messages",
            get(people::messages).post(new_message::send),
        )
        .route("/api/phone/people/{id}/read", post(people::read))
        .route("/api/phone/media/{id}", get(people::media))
        .route("/api/phone/stream", get(stream::stream))
        .route(
            "/api/phone/settings",
            get(provider_settings::settings).put(provider_settings::set_settings),
        )
        .route(
            "/api/phone/faults",
            get(provider_settings::faults).put(provider_settings::set_faults),
        )
        .route("/api/phone/pending", get(provider_settings::pending))
        .route("/api/phone/sent", get(sent::list))
        .route("/api/phone/verify", post(provider_settings::verify))
        .with_state(phone)
}
