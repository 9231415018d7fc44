//! Stripe's API, as much of it as Checkout, refunds and disputes need, the people who pay, and the events that tell of it.

mod api;
mod balance;
pub(crate) mod behaviour;
mod control;
mod desk;
mod disputes;
mod events;
mod foreign;
mod form;
mod list;
pub(crate) mod objects;
mod page;
mod pay;
mod refunds;
mod refusal;
mod sessions;
mod version;
pub(crate) mod webhook;

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get, post},
};

use crate::Outside;
use desk::Desk;

pub(crate) fn routes() -> Router<Arc<Outside>> {
    Router::new()
        .route("/stripe/v1/{*path}", any(api::call))
        .route("/api/pay/{session}", get(page::show).post(page::pay))
        .route("/api/pay/{session}/authenticate", post(page::authenticate))
        .route(
            "/api/stripe/payments",
            get(control::payments).post(control::foreign),
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
            get(behaviour::settings).put(behaviour::set_settings),
        )
        .route(
            "/api/stripe/faults",
            get(behaviour::faults).put(behaviour::set_faults),
        )
}

/// What happens by the clock: open checkouts end, and what takes its time happens or fails to.
pub(crate) fn tick(outside: &Outside) {
    let now = outside.now();
    let mut store = outside.store();
    let Ok(due) = crate::store::stripe::due(&store.db, now) else {
        return;
    };
    for id in due {
        // What fails stays due: it is tried again at the next tick.
        drop(store.write(|writer| pay::come_due(&mut Desk::new(writer, outside), &id)));
    }
}
