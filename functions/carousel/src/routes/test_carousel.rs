//! `POST /test-carousel`: the whole pipeline without Telegram. Off unless the template's parameter says so.

use std::sync::Arc;

use carousel_domain::Origin;
use confab_core::{CorrelationId, Error, Result};
use confab_lambda::{Response, Router, extract::Json, response};
use http::StatusCode;
use serde::Deserialize;

use crate::{
    services::requests::{IdempotencyKey, NewCarousel, Requester, accept, unprocessable},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[Part::Store, Part::ConversationQueue, Part::TestRoute];

const MAX_USER_ID: usize = 64;

pub fn routes() -> Router<State> {
    Router::new().route("POST /test-carousel", create_test)
}

/// The body that earlier callers send.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TestRequest {
    topic: String,
    slides_count: Option<u8>,
    user_id: Option<String>,
}

async fn create_test(
    state: Arc<State>,
    key: IdempotencyKey,
    Json(request): Json<TestRequest>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    if !state.is_test_route_on {
        return Err(Error::forbidden("This is off here."));
    }
    let user = request.user_id.as_deref().unwrap_or("tester");
    let is_good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !(1..=MAX_USER_ID).contains(&user.len()) || !user.chars().all(is_good) {
        let message = "userId has 1 to 64 of a-z, A-Z, 0-9, -, _ and the dot.";
        return Err(unprocessable("bad_user_id", message));
    }
    let by = Requester {
        owner: format!("test:{user}"),
        origin: Origin::Test,
    };
    let new = NewCarousel {
        topic: Some(request.topic),
        slides_count: request.slides_count,
        ..NewCarousel::default()
    };
    state.store()?.count_test().await?;
    let accepted = accept(&state, &new, by, key, correlation_id).await?;
    response::json(StatusCode::ACCEPTED, &accepted)
}
