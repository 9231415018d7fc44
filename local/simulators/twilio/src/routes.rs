//! Routes of the API.

use std::sync::Arc;

use axum::{Router, routing::get};

use crate::{media, messages, twilio::Twilio};

pub fn routes(twilio: Arc<Twilio>) -> Router {
    Router::new()
        .route(
            "/twilio/2010-04-01/Accounts/{sid}/Messages.json",
            get(messages::list).post(messages::send),
        )
        .route(
            "/twilio/2010-04-01/Accounts/{sid}/Messages/{message}/Media/{media}",
            get(media::download),
        )
        .with_state(twilio)
}
