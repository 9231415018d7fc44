//! Downloads of pictures that people sent.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use confab_simulator_base::Call;
use confab_simulator_chat::{
    media::{self, Media},
    messages,
};

use crate::{access::authorize, api_error::ApiError, twilio::Twilio};

pub(crate) async fn download(
    State(twilio): State<Arc<Twilio>>,
    Path((sid, message, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let mut call = Call::new("twilio");
    call.message_id = Some(message.clone());
    let found = authorize(&twilio, &sid, &headers).and_then(|()| find(&twilio, &message, &id));
    call.correlation_id = correlation(&twilio, &message);
    match found {
        Ok(media) => {
            twilio
                .context
                .record(call, "media download: 200".into(), true);
            ([(CONTENT_TYPE, media.mime_type)], media.bytes).into_response()
        }
        Err(error) => {
            let text = format!("media download: {} {}", error.status.as_u16(), error.code);
            twilio.context.record(call, text, false);
            error.into_response()
        }
    }
}

fn find(twilio: &Twilio, message: &str, id: &str) -> Result<Media, ApiError> {
    let media = media::get(&twilio.context.store().db, id).map_err(|_| ApiError::internal())?;
    let media = media.filter(|media| media.message_id.as_deref() == Some(message));
    media.ok_or_else(ApiError::not_found)
}

fn correlation(twilio: &Twilio, message: &str) -> Option<String> {
    let stored = messages::get(&twilio.context.store().db, message).ok()??;
    stored.message.correlation_id
}
