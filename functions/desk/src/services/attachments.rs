//! Files of messages. An upload lies in quarantine, where it is never shown, until it was checked and written anew.

use std::{collections::BTreeSet, time::Duration};

use confab_aws::{Entry, Objects, Queue};
use confab_core::{CorrelationId, Error, Result, TenantId};
use desk_domain::{
    Attachment, Author, ConversationId, MAX_ATTACHMENTS, Upload, UploadId, UploadState,
};
use serde::{Deserialize, Serialize};

use crate::{
    auth::TenantJob,
    state::State,
    store::{OpenedConversation, Tenant},
};

/// How long a link to a file is valid.
const LINK_TTL: Duration = Duration::from_secs(3_600);

/// An upload that is to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileJob {
    pub(crate) tenant: TenantId,
    pub(crate) conversation: ConversationId,
    pub(crate) upload: UploadId,
}

impl TenantJob for FileJob {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl FileJob {
    /// Returns the key of an upload, which is never shown.
    pub(crate) fn quarantine_key(&self) -> String {
        let Self {
            tenant,
            conversation,
            upload,
        } = self;
        format!("quarantine/{tenant}/{conversation}/{upload}")
    }

    /// Returns the key of the checked file.
    pub(crate) fn file_key(&self) -> String {
        let Self {
            tenant,
            conversation,
            upload,
        } = self;
        format!("t/{tenant}/files/{conversation}/{upload}")
    }
}

/// The queue of uploads that wait for their check.
#[derive(Debug)]
pub(crate) struct Files(Queue);

impl Files {
    pub(crate) fn new(queue: Queue) -> Self {
        Self(queue)
    }

    pub(crate) async fn send(&self, job: &FileJob, correlation_id: CorrelationId) -> Result<()> {
        let entry = Entry::standard(job, correlation_id)?;
        self.0.send(&[entry]).await
    }
}

/// Returns the attachments of a new message by the ids of its uploads. A retry has none: the files belong to the message
/// that was posted before.
pub(crate) async fn resolve(
    tenant: Tenant<'_>,
    opened: &OpenedConversation,
    ids: &[String],
    author: &Author,
) -> Result<Vec<Attachment>> {
    if ids.is_empty() || opened.repeated_seq.is_some() {
        return Ok(Vec::new());
    }
    if ids.len() > MAX_ATTACHMENTS {
        let message = "A message can have at most 5 files.";
        return Err(Error::invalid("too_many_files", message));
    }
    let parsed = ids.iter().map(|id| id.parse());
    let parsed: Result<Vec<UploadId>, _> = parsed.collect();
    let parsed = parsed.map_err(|_| Error::not_found("file"))?;
    let distinct: BTreeSet<_> = parsed.iter().collect();
    if distinct.len() < parsed.len() {
        return Err(Error::invalid("same_file", "A file is there twice."));
    }
    let uploads = tenant.require_uploads(opened.head.id, &parsed).await?;
    let attachments = uploads.iter().map(|upload| upload.attachment_for(author));
    attachments.collect()
}

/// Deletes the files of a message, their content first: a deletion that dies is repeated, and finds the rest by the
/// message.
pub(crate) async fn delete_files(
    state: &State,
    tenant: Tenant<'_>,
    conversation: ConversationId,
    attachments: &[Attachment],
) -> Result<()> {
    for attachment in attachments {
        let Ok(upload) = attachment.upload_id.parse() else {
            continue;
        };
        delete_file(state.objects()?, tenant, conversation, upload).await?;
    }
    Ok(())
}

/// Deletes a file with its row. Repeated, it changes nothing.
pub(crate) async fn delete_file(
    objects: &Objects,
    tenant: Tenant<'_>,
    conversation: ConversationId,
    upload: UploadId,
) -> Result<()> {
    let job = FileJob {
        tenant: tenant.id(),
        conversation,
        upload,
    };
    objects.delete(&job.file_key()).await?;
    tenant.delete_upload(conversation, upload).await
}

/// A file as its readers see it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS, utoipa::ToSchema))]
pub(crate) struct FileView {
    #[serde(flatten)]
    file: Attachment,
    #[serde(flatten)]
    state: UploadState,
    /// A link that is valid for an hour, once the file was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    url: Option<String>,
}

impl FileView {
    pub(crate) fn new(objects: &Objects, job: &FileJob, upload: Upload) -> Result<Self> {
        let url = match upload.state {
            UploadState::Ready => Some(objects.link(&job.file_key(), LINK_TTL)?),
            UploadState::Waiting | UploadState::Refused { .. } => None,
        };
        Ok(Self {
            file: upload.file,
            state: upload.state,
            url,
        })
    }
}
