//! Astria's API, as much of it as portraits from packs need: it looks at photos, learns people from them, and draws them.

mod api;
pub(crate) mod behaviour;
pub(crate) mod callback;
mod canvas;
mod control;
mod desk;
mod figure;
mod input;
mod inspect;
mod life;
mod measure;
mod media;
pub(crate) mod objects;
mod packs;
pub(crate) mod pictures;
mod prompts;
mod refusal;
mod selfies;
mod tunes;

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get, post},
};

use crate::{Outside, store::astria};
use desk::Desk;

/// Astria's key here. It opens nothing outside.
pub(crate) const API_KEY: &str = "sd_local";

pub(crate) fn routes() -> Router<Arc<Outside>> {
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
            get(behaviour::settings).put(behaviour::set_settings),
        )
        .route(
            "/api/astria/faults",
            get(behaviour::faults).put(behaviour::set_faults),
        )
}

/// What happens by the clock: training ends, and prompts are done.
pub(crate) fn tick(outside: &Outside) {
    let now = outside.now();
    let mut store = outside.store();
    let Ok(tunes) = astria::due_tunes(&store.db, now) else {
        return;
    };
    for id in tunes {
        // What fails stays due: it is tried again at the next tick.
        drop(store.write(|writer| life::end_training(&mut Desk::new(writer, outside), id)));
    }
    let Ok(prompts) = astria::due_prompts(&store.db, now) else {
        return;
    };
    for id in prompts {
        drop(store.write(|writer| life::end_prompt(&mut Desk::new(writer, outside), id)));
    }
}
