//! `GET /api/photo-analysis/{photo_id}/`: how far the looking at a photo is. Whoever asks first after it has arrived in
//! the bucket has it looked at.

use std::sync::Arc;

use confab_aws::Entry;
use confab_core::{CorrelationId, Error, PhotoId, Result, Timestamp};
use confab_lambda::{ApiRequest, Response, metrics, response, warn};
use http::StatusCode;
use rooms_domain::{
    Analysis, Caption, NotShown, PhotoJob, PhotoView, RoomCode, STEPS, State, Suggestion, Why,
};
use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{Photos, services::photo_objects as pictures};

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Look {
    photo_id: PhotoId,
    state: State,
    step: u8,
    steps: u8,
    code: Option<NotShown>,
    expires_at: Timestamp,
    photo: Option<PhotoView>,
    caption: Option<Caption>,
    suggestions: Vec<Suggestion>,
    similar: Vec<SimilarRoom>,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct SimilarRoom {
    code: RoomCode,
    name: String,
    online: u32,
    why: Why,
}

pub async fn handle(deps: Arc<Photos>, call: ApiRequest) -> Result<Response> {
    let missing = || Error::not_found("photo");
    let photo: PhotoId = call.last_segment().parse().map_err(|_| missing())?;
    let asking = deps.doorman.guest(&call).await?;
    let mut analysis = deps.store.photo(photo).await?.ok_or_else(missing)?;
    if analysis.owner.is_some() && analysis.owner != asking {
        return Err(missing());
    }
    let is_there = match analysis.state {
        State::Waiting => deps.objects.exists(&pictures::quarantine(photo)).await?,
        State::Looking => true,
        State::Done | State::Refused => false,
    };
    if is_there {
        if deps.store.asks_for(&analysis).await? {
            deps.photos
                .send(&[Entry::standard(
                    &PhotoJob::V1 { photo },
                    call.correlation_id,
                )?])
                .await?;
        }
        analysis.state = State::Looking;
    }
    response::json(
        StatusCode::OK,
        &view(&deps, analysis, call.correlation_id).await?,
    )
}

async fn view(deps: &Photos, analysis: Analysis, trace: CorrelationId) -> Result<Look> {
    let Analysis {
        photo_id,
        state,
        step,
        code,
        until,
        found,
        ..
    } = analysis;
    let mut out = Look {
        photo_id,
        state,
        step,
        steps: STEPS,
        code,
        expires_at: until,
        photo: None,
        caption: None,
        suggestions: Vec::new(),
        similar: Vec::new(),
    };
    let Some(found) = found else { return Ok(out) };
    out.photo = Some(pictures::view(
        &deps.objects,
        photo_id,
        (found.width, found.height),
        &found.thumbhash,
    )?);
    for (code, why) in found.similar {
        // A room may be closed or hidden by now.
        let visited = match deps.store.find_room(code).await {
            Ok(Some(visited)) => visited,
            Ok(None) => continue,
            Err(error) => {
                metrics::count("SimilarRoomUnread", "store");
                warn("a similar room cannot be read", &error.to_string(), trace);
                continue;
            }
        };
        if visited.room.lets_read(visited.standing).is_ok() {
            let name = visited.room.name.as_str().to_owned();
            out.similar.push(SimilarRoom {
                code,
                name,
                online: visited.online,
                why,
            });
        }
    }
    out.caption = Some(found.caption);
    out.suggestions = found.suggestions;
    Ok(out)
}
