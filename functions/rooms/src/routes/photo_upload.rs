//! `POST /api/photo-analysis/upload/`: where to put a photo, or the photo itself when it is small.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_aws::{Entry, RateLimit};
use confab_core::{Clock, Error, PhotoId, Result, Timestamp, UserId, after};
use confab_lambda::{ApiRequest, Response, response};
use http::StatusCode;
use rooms_domain::{Analysis, PhotoJob, State};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::{Photos, services::photo_objects::quarantine};

const LARGEST: u64 = 10 * 1024 * 1024;
/// What a function takes with its request: the rest goes to the bucket itself.
const LARGEST_BODY: usize = 4 * 1024 * 1024;
const TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];
const FORM_LASTS: Duration = Duration::from_secs(10 * 60);
const KEPT: Duration = Duration::from_secs(168 * 3600);
const PER_PERSON: u32 = 20;
const PER_ADDRESS: u32 = 5;
/// Sessions are free, so that a limit a session alone limits nobody.
const PER_ADDRESS_WITH_SESSIONS: u32 = 300;

#[derive(Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPhoto {
    content_type: String,
    bytes: u64,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Sent {
    photo_id: PhotoId,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    upload: Option<Upload>,
    expires_at: Timestamp,
}

#[derive(Serialize, TS, ToSchema)]
pub(crate) struct Upload {
    url: String,
    fields: BTreeMap<String, String>,
}

pub async fn handle(deps: Arc<Photos>, call: ApiRequest) -> Result<Response> {
    let owner = deps.doorman.guest(&call).await?;
    let content_type = call.header("content-type").unwrap_or_default().to_owned();
    match content_type.starts_with("image/") {
        true => take(&deps, &call, owner, &content_type).await,
        false => give_form(&deps, &call, owner).await,
    }
}

async fn give_form(deps: &Photos, call: &ApiRequest, owner: Option<UserId>) -> Result<Response> {
    let NewPhoto {
        content_type,
        bytes,
    } = call.json()?;
    check(&content_type, bytes)?;
    let analysis = begin(deps, call, owner, State::Waiting).await?;
    let form = deps.objects.upload_form(
        &quarantine(analysis.photo_id),
        &content_type,
        LARGEST,
        FORM_LASTS,
    )?;
    let fields = form
        .fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let expires_at = after(deps.clock.now(), FORM_LASTS);
    let upload = Some(Upload {
        url: form.url,
        fields,
    });
    response::json(
        StatusCode::CREATED,
        &Sent {
            photo_id: analysis.photo_id,
            upload,
            expires_at,
        },
    )
}

async fn take(
    deps: &Photos,
    call: &ApiRequest,
    owner: Option<UserId>,
    content_type: &str,
) -> Result<Response> {
    if call.body().len() > LARGEST_BODY {
        return Err(Error::too_large(
            "A photo that is sent along has at most 4 MB. Ask for a form.",
        ));
    }
    check(content_type, call.body().len() as u64)?;
    let analysis = begin(deps, call, owner, State::Looking).await?;
    deps.objects
        .put(
            &quarantine(analysis.photo_id),
            content_type,
            call.body().to_vec(),
        )
        .await?;
    let job = PhotoJob::V1 {
        photo: analysis.photo_id,
    };
    deps.photos
        .send(&[Entry::standard(&job, call.correlation_id)?])
        .await?;
    let out = Sent {
        photo_id: analysis.photo_id,
        upload: None,
        expires_at: analysis.until,
    };
    response::json(StatusCode::ACCEPTED, &out)
}

fn check(content_type: &str, bytes: u64) -> Result<()> {
    if !TYPES.contains(&content_type) {
        return Err(Error::invalid(
            "not_a_picture",
            "A photo is a JPEG, PNG or WebP.",
        ));
    }
    match bytes {
        0 => Err(Error::invalid("not_a_picture", "There is nothing in it.")),
        1..=LARGEST => Ok(()),
        _ => Err(Error::too_large("A photo has at most 10 MB.")),
    }
}

/// Limits count what is begun: whoever asks for forms and sends nothing has had them.
async fn begin(
    deps: &Photos,
    call: &ApiRequest,
    owner: Option<UserId>,
    state: State,
) -> Result<Analysis> {
    let now = deps.clock.now();
    let (table, address) = (&deps.store.table, call.source_ip());
    match owner {
        Some(user) => {
            RateLimit::per_hour(PER_PERSON)
                .take(table, &format!("photo#{user}"), now)
                .await?;
            RateLimit::per_hour(PER_ADDRESS_WITH_SESSIONS)
                .take(table, &format!("photos#{address}"), now)
                .await?;
        }
        None => {
            RateLimit::per_hour(PER_ADDRESS)
                .take(table, &format!("photo#{address}"), now)
                .await?
        }
    }
    let analysis = Analysis {
        photo_id: PhotoId::new(now, &deps.entropy),
        owner,
        state,
        touched_at: now,
        step: 0,
        code: None,
        until: after(now, KEPT),
        found: None,
    };
    deps.store.begin_photo(&analysis).await?;
    Ok(analysis)
}
