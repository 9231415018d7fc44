//! Pictures that people sent through Twilio.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::{authorize, refusal::Refusal};
use crate::{
    Outside,
    outside::Call,
    store::{
        media::{self, Media},
        messages,
    },
};

pub(crate) async fn download(
    State(outside): State<Arc<Outside>>,
    Path((sid, message, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let mut call = Call::new("twilio");
    call.message_id = Some(message.clone());
    let found = authorize(&outside, &sid, &headers).and_then(|()| find(&outside, &message, &id));
    call.correlation_id = correlation(&outside, &message);
    match found {
        Ok(media) => {
            outside.saw(call, "media download: 200".into(), true);
            ([(CONTENT_TYPE, media.mime_type)], media.bytes).into_response()
        }
        Err(refusal) => {
            let text = format!(
                "media download: {} {}",
                refusal.status.as_u16(),
                refusal.code
            );
            outside.saw(call, text, false);
            refusal.into_response()
        }
    }
}

fn find(outside: &Outside, message: &str, id: &str) -> Result<Media, Refusal> {
    let media = media::get(&outside.store().db, id).map_err(|_| Refusal::internal())?;
    let media = media.filter(|media| media.message_id.as_deref() == Some(message));
    media.ok_or_else(Refusal::not_found)
}

fn correlation(outside: &Outside, message: &str) -> Option<String> {
    let kept = messages::get(&outside.store().db, message).ok()??;
    kept.message.correlation_id
}
