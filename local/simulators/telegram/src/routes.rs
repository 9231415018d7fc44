//! Routes of the Bot API and the control API. See docs/simulators.md.

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get, post, put},
};

use crate::{
    api, control, control_settings, download, groups, person_actions, stream, telegram::Telegram,
};

pub fn routes(telegram: Arc<Telegram>) -> Router {
    Router::new()
        .route("/telegram/{*path}", any(api::call))
        .route("/telegram/file/{*path}", get(download::download))
        .nest("/api/telegram", control_routes())
        .with_state(telegram)
}

fn control_routes() -> Router<Arc<Telegram>> {
    Router::new()
        .route("/bot", get(control::bot))
        .route("/people", get(control::people).post(control::add_person))
        .route("/people/{id}/deactivate", post(control::deactivate))
        .route("/groups", post(groups::add))
        .route("/groups/{id}/migrate", post(groups::migrate))
        .route("/chats", get(control::chats))
        .route("/chats/{id}/bot", put(groups::set_membership))
        .route(
            "/chats/{id}/messages",
            get(control::messages).post(person_actions::send),
        )
        .route(
            "/chats/{id}/messages/{message}",
            put(person_actions::edit).delete(person_actions::delete),
        )
        .route(
            "/chats/{id}/messages/{message}/tap",
            post(person_actions::tap),
        )
        .route("/callbacks/{id}", get(control::callback))
        .route("/commands", get(control::commands))
        .route("/files/{id}", get(download::show))
        .route("/calls", get(control::calls))
        .route("/violations", get(control::violations))
        .route("/pending", get(control::pending))
        .route("/webhook", get(control::webhook))
        .route("/updates", post(control::add_update))
        .route("/reset", post(control::reset))
        .route("/stream", get(stream::stream))
        .route(
            "/settings",
            get(control_settings::settings).put(control_settings::set_settings),
        )
        .route(
            "/faults",
            get(control_settings::faults).put(control_settings::set_faults),
        )
}
