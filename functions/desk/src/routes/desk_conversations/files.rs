//! Files of a conversation: a form that uploads one, its check, and the link to it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use confab_core::{CorrelationId, Error, Result, Timestamp, after};
use confab_lambda::{
    Response,
    extract::{Json, Path, PathPair},
    response,
};
use confab_worker::SaveOutcome;
use desk_domain::{Upload, UploadId, UploadState};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::{
    extract::{ConversationParam, UploadParam},
    services::{
        attachments::{FileJob, FileView},
        conversation_access::{Reader, open_as_reader, open_to_write},
    },
    state::State,
};

const FORM_TTL: Duration = Duration::from_secs(10 * 60);

#[derive(Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewFile {
    name: String,
    mime: String,
    bytes: u64,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct UploadReceipt {
    upload_id: UploadId,
    url: String,
    fields: BTreeMap<&'static str, String>,
    /// When the form ends.
    expires_at: Timestamp,
}

/// Announces a file, and returns the form that uploads it into quarantine.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/conversations/{conversation}/attachments",
    operation_id = "announce_file",
    tag = "Files",
    params(("conversation" = desk_domain::ConversationId, Path)),
    request_body = NewFile,
    responses(
        (status = 201, description = "The form that uploads the file.", body = UploadReceipt),
        BodyRefusals,
        WriteRefusals,
        Unprocessable,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn announce(
    state: Arc<State>,
    reader: Reader,
    Path(ConversationParam(id)): Path<ConversationParam>,
    Json(file): Json<NewFile>,
) -> Result<Response> {
    let tenant = state.store()?.tenant(reader.grant());
    let (_, author) = open_to_write(&state, tenant, &reader, id).await?;
    let now = state.clock.now();
    let upload_id = UploadId::new(now, &state.entropy);
    let announced = (file.name.as_str(), file.mime.as_str(), file.bytes);
    let upload = Upload::new(upload_id, announced, &author, now)?;
    if tenant.save_upload(id, &upload, 0).await? == SaveOutcome::Conflict {
        return Err(Error::internal("upload_id_used", "a new id is in use"));
    }
    let job = FileJob {
        tenant: tenant.id(),
        conversation: id,
        upload: upload_id,
    };
    let mime = upload.file.mime.name();
    let form =
        state
            .objects()?
            .upload_form(&job.quarantine_key(), mime, upload.file.bytes, FORM_TTL)?;
    let receipt = UploadReceipt {
        upload_id,
        url: form.url,
        fields: form.fields.into_iter().collect(),
        expires_at: after(now, FORM_TTL),
    };
    response::json(StatusCode::CREATED, &receipt)
}

/// Has an uploaded file checked. Repeated, it is checked once.
#[cfg_attr(test, utoipa::path(
    post,
    path = "/conversations/{conversation}/attachments/{upload}",
    operation_id = "check_file",
    tag = "Files",
    params(("conversation" = desk_domain::ConversationId, Path), ("upload" = UploadId, Path)),
    responses(
        (status = 202, description = "The file, whose check may still run.", body = FileView),
        WriteRefusals,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn check(
    state: Arc<State>,
    reader: Reader,
    PathPair(ConversationParam(id), UploadParam(upload)): PathPair<ConversationParam, UploadParam>,
    correlation_id: CorrelationId,
) -> Result<Response> {
    let tenant = state.store()?.tenant(reader.grant());
    let (_, author) = open_to_write(&state, tenant, &reader, id).await?;
    let found = tenant.find_upload(id, upload).await?;
    let found = found.filter(|found| found.author == author.key());
    let found = found.ok_or_else(|| Error::not_found("file"))?;
    let job = FileJob {
        tenant: tenant.id(),
        conversation: id,
        upload,
    };
    if found.state == UploadState::Waiting {
        state.files()?.send(&job, correlation_id).await?;
    }
    let view = FileView::new(state.objects()?, &job, found)?;
    response::json(StatusCode::ACCEPTED, &view)
}

/// Shows a file to those who see its message, and before that to its author.
#[cfg_attr(test, utoipa::path(
    get,
    path = "/conversations/{conversation}/attachments/{upload}",
    operation_id = "show_file",
    tag = "Files",
    params(("conversation" = desk_domain::ConversationId, Path), ("upload" = UploadId, Path)),
    responses(
        (status = 200, description = "The file, with a link once it was checked.", body = FileView),
        ReadRefusals,
    ),
    security(("access_token" = []), ("api_key" = []), ("visitor_token" = []))
))]
pub(crate) async fn show(
    state: Arc<State>,
    reader: Reader,
    PathPair(ConversationParam(id), UploadParam(upload)): PathPair<ConversationParam, UploadParam>,
) -> Result<Response> {
    let tenant = state.store()?.tenant(reader.grant());
    let (found, (_, viewer)) = tokio::try_join!(
        tenant.find_upload(id, upload),
        open_as_reader(tenant, &reader, id)
    )?;
    let found = found.filter(|found| found.is_seen_by(&viewer));
    let found = found.ok_or_else(|| Error::not_found("file"))?;
    let job = FileJob {
        tenant: tenant.id(),
        conversation: id,
        upload,
    };
    let view = FileView::new(state.objects()?, &job, found)?;
    response::json(StatusCode::OK, &view)
}

#[cfg(test)]
use crate::contract::{BodyRefusals, ReadRefusals, Unprocessable, WriteRefusals};
