//! Routes of the API.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{media, meta::Meta, send};

pub fn routes(meta: Arc<Meta>) -> Router {
    Router::new()
        .route("/meta/{version}/{id}/messages", post(send::post))
        .route("/meta/{version}/{id}/media", post(media::upload))
        .route("/meta/{version}/{id}", get(media::address))
        .route("/meta/attachments", get(media::download))
        .with_state(meta)
}
