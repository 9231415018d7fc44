//! Routes of the API, the pay page and the control API.

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get, post},
};

use crate::{api, control, page, settings_api, stripe::Stripe};

pub fn routes(stripe: Arc<Stripe>) -> Router {
    Router::new()
        .route("/stripe/v1/{*path}", any(api::call))
        .route("/api/pay/{session}", get(page::show).post(page::pay))
        .route("/api/pay/{session}/authenticate", post(page::authenticate))
        .route(
            "/api/stripe/payments",
            get(control::payments).post(control::create_external_payment),
        )
        .route("/api/stripe/payments/{id}/refund", post(control::refund))
        .route("/api/stripe/payments/{id}/dispute", post(control::dispute))
        .route("/api/stripe/payments/{id}/settle", post(control::settle))
        .route(
            "/api/stripe/refunds/{id}/succeed",
            post(control::succeed_refund),
        )
        .route("/api/stripe/refunds/{id}/fail", post(control::fail_refund))
        .route("/api/stripe/disputes/{id}/respond", post(control::respond))
        .route(
            "/api/stripe/disputes/{id}/escalate",
            post(control::escalate),
        )
        .route(
            "/api/stripe/disputes/{id}/close",
            post(control::close_dispute),
        )
        .route("/api/stripe/events/{id}/resend", post(control::resend))
        .route("/api/stripe/totals", get(control::totals))
        .route("/api/stripe/pending", get(control::pending))
        .route(
            "/api/stripe/settings",
            get(settings_api::settings).put(settings_api::set_settings),
        )
        .route(
            "/api/stripe/faults",
            get(settings_api::faults).put(settings_api::set_faults),
        )
        .with_state(stripe)
}
