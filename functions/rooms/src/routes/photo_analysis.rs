//! `GET /api/photo-analysis/{photo}/`: the progress and the result of an analysis. The first request after an upload
//! queues the analysis.

use std::sync::Arc;

use confab_core::{CorrelationId, Error, PhotoId, Result, Timestamp};
use confab_lambda::{Response, Router, extract::Path, metrics, response, warn};
use http::StatusCode;
use rooms_domain::{
    AnalysisState, Caption, PhotoAnalysis, PhotoRefusal, PhotoView, RoomCode, STEPS, Similarity,
    Suggestion,
};
use serde::Serialize;
#[cfg(test)]
use ts_rs::TS;
#[cfg(test)]
use utoipa::ToSchema;

use crate::{
    extract::{OptionalUser, PhotoParam},
    services::{
        photo_objects::{photo_view, quarantine_key, queue_analysis},
        room_access::may_read,
    },
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Sessions,
    Part::Store,
    Part::Objects,
    Part::Photos,
    Part::DynamoDbConnection,
];

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "Look"))]
#[cfg_attr(test, schema(as = Look))]
pub(crate) struct AnalysisView {
    photo_id: PhotoId,
    state: AnalysisState,
    step: u8,
    steps: u8,
    code: Option<PhotoRefusal>,
    expires_at: Timestamp,
    photo: Option<PhotoView>,
    caption: Option<Caption>,
    suggestions: Vec<Suggestion>,
    similar: Vec<SimilarRoom>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
pub(crate) struct SimilarRoom {
    code: RoomCode,
    name: String,
    online: u32,
    why: Similarity,
}

pub fn routes() -> Router<State> {
    Router::new().route("GET /api/photo-analysis/{photo}/", show_analysis)
}

#[cfg_attr(test, utoipa::path(
    get,
    path = "/api/photo-analysis/{photo}/",
    operation_id = "looks",
    tag = "Photos",
    params(("photo" = PhotoId, Path)),
    responses(
        (status = 200, description = "The state of the analysis.", body = AnalysisView),
        Unauthorized,
        NotFound,
    ),
    security((), ("session" = []))
))]
pub(crate) async fn show_analysis(
    state: Arc<State>,
    Path(PhotoParam(photo)): Path<PhotoParam>,
    OptionalUser(user): OptionalUser,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let missing = || Error::not_found("photo");
    let store = state.store()?;
    let mut analysis = store.find_analysis(photo).await?.ok_or_else(missing)?;
    if analysis.owner.is_some() && analysis.owner != user {
        return Err(missing());
    }
    let is_uploaded = match analysis.state {
        AnalysisState::AwaitingUpload => state.objects()?.exists(&quarantine_key(photo)).await?,
        AnalysisState::Analyzing => true,
        AnalysisState::Done | AnalysisState::Refused => false,
    };
    if is_uploaded {
        if store.claim_analysis(&analysis).await? {
            queue_analysis(state.photos()?, photo, correlation_id).await?;
        }
        analysis.state = AnalysisState::Analyzing;
    }
    let view = render(&state, analysis, correlation_id).await?;
    response::json(StatusCode::OK, &view)
}

async fn render(
    state: &State,
    analysis: PhotoAnalysis,
    correlation_id: CorrelationId,
) -> Result<AnalysisView> {
    let mut view = AnalysisView {
        photo_id: analysis.photo_id,
        state: analysis.state,
        step: analysis.step,
        steps: STEPS,
        code: analysis.code,
        expires_at: analysis.until,
        photo: None,
        caption: None,
        suggestions: Vec::new(),
        similar: Vec::new(),
    };
    let Some(findings) = analysis.findings else {
        return Ok(view);
    };
    let size = (findings.width, findings.height);
    let photo = photo_view(
        state.objects()?,
        analysis.photo_id,
        size,
        &findings.thumbhash,
    )?;
    view.photo = Some(photo);
    for (code, similarity) in findings.similar {
        let room = find_similar_room(state, code, similarity, correlation_id).await?;
        view.similar.extend(room);
    }
    view.caption = Some(findings.caption);
    view.suggestions = findings.suggestions;
    Ok(view)
}

/// Returns a similar room that everyone may read. It may have been closed or hidden since the analysis.
async fn find_similar_room(
    state: &State,
    code: RoomCode,
    similarity: Similarity,
    correlation_id: CorrelationId,
) -> Result<Option<SimilarRoom>> {
    let loaded = match state.store()?.find_room(code).await {
        Ok(loaded) => loaded,
        // The analysis is shown without this room.
        Err(error) => {
            metrics::count("SimilarRoomUnread", "store");
            warn("skipped a similar room", &error.to_string(), correlation_id);
            return Ok(None);
        }
    };
    Ok(loaded.filter(may_read).map(|loaded| SimilarRoom {
        code,
        name: loaded.room.name.as_str().to_owned(),
        online: loaded.online,
        why: similarity,
    }))
}

#[cfg(test)]
use crate::contract::{NotFound, Unauthorized};
