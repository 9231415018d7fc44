//! `POST /api/photo-analysis/upload/`: returns an upload form for a photo, or takes a small photo as the body.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_aws::RateLimit;
use confab_core::{Error, PhotoId, Result, Timestamp, UserId, after};
use confab_lambda::{ApiRequest, Response, Router, extract::Whole, response};
use http::StatusCode;
use rooms_domain::{AnalysisState, PhotoAnalysis};
use serde::{Deserialize, Serialize};
#[cfg(test)]
use ts_rs::TS;
#[cfg(test)]
use utoipa::ToSchema;

use crate::{
    extract::OptionalUser,
    services::photo_objects::{quarantine_key, queue_analysis},
    state::{Part, State},
};

pub const PARTS: &[Part] = &[
    Part::Sessions,
    Part::Store,
    Part::Objects,
    Part::Photos,
    Part::DynamoDbConnection,
];

const MAX_PHOTO_BYTES: u64 = 10 * 1024 * 1024;
/// Lambda's limit of a request. Larger photos are uploaded to the bucket.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
const PHOTO_TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];
const FORM_TTL: Duration = Duration::from_secs(10 * 60);
const PHOTO_TTL: Duration = Duration::from_secs(168 * 3600);
const PHOTOS_PER_USER: u32 = 20;
const PHOTOS_PER_ADDRESS_WITHOUT_SESSION: u32 = 5;
/// New sessions are free, so that users are limited by their address as well.
const PHOTOS_PER_ADDRESS: u32 = 300;

#[derive(Deserialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPhoto {
    content_type: String,
    bytes: u64,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "Sent"))]
#[cfg_attr(test, schema(as = Sent))]
pub(crate) struct PhotoReceipt {
    photo_id: PhotoId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    upload: Option<UploadForm>,
    expires_at: Timestamp,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(TS, ToSchema))]
#[cfg_attr(test, ts(rename = "Upload"))]
#[cfg_attr(test, schema(as = Upload))]
pub(crate) struct UploadForm {
    url: String,
    fields: BTreeMap<String, String>,
}

pub fn routes() -> Router<State> {
    Router::new().route("POST /api/photo-analysis/upload/", upload_photo)
}

#[cfg_attr(test, utoipa::path(
    post,
    path = "/api/photo-analysis/upload/",
    operation_id = "sends_photo",
    tag = "Photos",
    request_body = NewPhoto,
    responses(
        (status = 201, description = "A form that uploads the photo.", body = PhotoReceipt),
        (status = 202, description = "The photo was uploaded in the body.", body = PhotoReceipt),
        BadRequest,
        Unauthorized,
        TooLarge,
        RateLimited,
    ),
    security((), ("session" = []))
))]
pub(crate) async fn upload_photo(
    state: Arc<State>,
    OptionalUser(owner): OptionalUser,
    Whole(request): Whole,
) -> Result<Response> {
    let content_type = request.header("content-type").unwrap_or_default();
    if content_type.starts_with("image/") {
        receive_photo(&state, &request, owner, content_type).await
    } else {
        create_form(&state, &request, owner).await
    }
}

async fn create_form(
    state: &State,
    request: &ApiRequest,
    owner: Option<UserId>,
) -> Result<Response> {
    let new: NewPhoto = request.json()?;
    check_photo(&new.content_type, new.bytes)?;
    let analysis = create_analysis(state, request, owner, AnalysisState::AwaitingUpload).await?;
    let key = quarantine_key(analysis.photo_id);
    let form = state
        .objects()?
        .upload_form(&key, &new.content_type, MAX_PHOTO_BYTES, FORM_TTL)?;
    let fields = form
        .fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let receipt = PhotoReceipt {
        photo_id: analysis.photo_id,
        upload: Some(UploadForm {
            url: form.url,
            fields,
        }),
        expires_at: after(state.clock.now(), FORM_TTL),
    };
    response::json(StatusCode::CREATED, &receipt)
}

async fn receive_photo(
    state: &State,
    request: &ApiRequest,
    owner: Option<UserId>,
    content_type: &str,
) -> Result<Response> {
    let body = request.body();
    if body.len() > MAX_BODY_BYTES {
        return Err(Error::too_large(
            "A photo in the request body can have at most 4 MB. Request an upload form for larger ones.",
        ));
    }
    check_photo(content_type, body.len() as u64)?;
    let analysis = create_analysis(state, request, owner, AnalysisState::Analyzing).await?;
    let photo = analysis.photo_id;
    state
        .objects()?
        .put(&quarantine_key(photo), content_type, body.to_vec())
        .await?;
    queue_analysis(state.photos()?, photo, request.correlation_id).await?;
    let receipt = PhotoReceipt {
        photo_id: photo,
        upload: None,
        expires_at: analysis.until,
    };
    response::json(StatusCode::ACCEPTED, &receipt)
}

fn check_photo(content_type: &str, bytes: u64) -> Result<()> {
    if !PHOTO_TYPES.contains(&content_type) {
        return Err(Error::invalid(
            "not_a_picture",
            "Choose a JPEG, PNG or WebP photo.",
        ));
    }
    match bytes {
        0 => Err(Error::invalid("not_a_picture", "The photo is empty.")),
        1..=MAX_PHOTO_BYTES => Ok(()),
        _ => Err(Error::too_large("A photo can have at most 10 MB.")),
    }
}

/// Takes rate-limit tokens, also for forms that are never used, and stores a new analysis.
async fn create_analysis(
    state: &State,
    request: &ApiRequest,
    owner: Option<UserId>,
    analysis_state: AnalysisState,
) -> Result<PhotoAnalysis> {
    let (store, address) = (state.store()?, request.source_ip());
    match owner {
        Some(user) => {
            let (per_user, per_address) = (format!("photo#{user}"), format!("photos#{address}"));
            store
                .take_token(RateLimit::per_hour(PHOTOS_PER_USER), &per_user)
                .await?;
            store
                .take_token(RateLimit::per_hour(PHOTOS_PER_ADDRESS), &per_address)
                .await?;
        }
        None => {
            let limit = RateLimit::per_hour(PHOTOS_PER_ADDRESS_WITHOUT_SESSION);
            store.take_token(limit, &format!("photo#{address}")).await?;
        }
    }
    let now = state.clock.now();
    let analysis = PhotoAnalysis {
        photo_id: PhotoId::new(now, &state.entropy),
        owner,
        state: analysis_state,
        touched_at: now,
        step: 0,
        code: None,
        until: after(now, PHOTO_TTL),
        findings: None,
    };
    store.create_analysis(&analysis).await?;
    Ok(analysis)
}

#[cfg(test)]
use crate::contract::{BadRequest, RateLimited, TooLarge, Unauthorized};
