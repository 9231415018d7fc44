//! Photos and documents in calls: uploaded, or sent again by their id.

use axum::body::Bytes;
use serde_json::{Map, Value};

use crate::{
    api_error::ApiError,
    files::{self, MediaKind, StoredMedia},
    params::{Params, Upload},
    photo_sizes::{self, PhotoSize},
    telegram::Telegram,
    text::Formatted,
    unit::Unit,
};

const MAX_DOCUMENT_BYTES: usize = 50 * 1024 * 1024;

/// Media that only have to be saved.
#[derive(Debug)]
pub(crate) enum ReadyMedia {
    Stored(StoredMedia),
    Photo(Vec<PhotoSize>),
    Document {
        name: String,
        mime_type: String,
        bytes: Bytes,
    },
}

impl ReadyMedia {
    /// Reads the file that `reference` names: an upload, or a file id.
    pub(crate) async fn read(
        telegram: &Telegram,
        params: &Params,
        kind: MediaKind,
        field: &str,
        reference: &str,
    ) -> Result<Self, ApiError> {
        let attached = reference.strip_prefix("attach://").unwrap_or(field);
        match params.files.get(attached) {
            Some(upload) if reference.is_empty() || reference.starts_with("attach://") => {
                Self::upload(kind, upload.clone()).await
            }
            _ if reference.is_empty() => {
                let kind = kind.name();
                Err(ApiError::bad(format!("there is no {kind} in the request")))
            }
            _ => Self::stored(telegram, params, kind, reference),
        }
    }

    pub(crate) async fn upload(kind: MediaKind, upload: Upload) -> Result<Self, ApiError> {
        if kind == MediaKind::Document {
            return Self::document(upload);
        }
        let sizes = tokio::task::spawn_blocking(move || photo_sizes::of(&upload.bytes)).await;
        Ok(Self::Photo(sizes.map_err(|_| ApiError::internal())??))
    }

    fn document(upload: Upload) -> Result<Self, ApiError> {
        if upload.bytes.is_empty() {
            return Err(ApiError::bad("file must be non-empty"));
        }
        if upload.bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(ApiError::too_large());
        }
        let mime_type = upload.mime_type.filter(|mime_type| mime_type.contains('/'));
        Ok(Self::Document {
            name: upload.file_name,
            mime_type: mime_type.unwrap_or_else(|| "application/octet-stream".into()),
            bytes: upload.bytes,
        })
    }

    fn stored(
        telegram: &Telegram,
        params: &Params,
        kind: MediaKind,
        file_id: &str,
    ) -> Result<Self, ApiError> {
        let bot = telegram.account.bot_id();
        let media = files::media(&telegram.context.store().db, bot, file_id)?;
        let media =
            media.ok_or_else(|| ApiError::bad("wrong file identifier/HTTP URL specified"))?;
        if media.kind != kind {
            return Err(ApiError::bad(match kind {
                MediaKind::Photo => "can't use file of type Document as Photo",
                MediaKind::Document => "can't use file of type Photo as Document",
            }));
        }
        params.count_reused_file();
        Ok(Self::Stored(media))
    }

    /// Saves new files, and returns the content of a message with them.
    pub(crate) fn save(
        &self,
        unit: &Unit<'_>,
        caption: &Formatted,
    ) -> rusqlite::Result<Map<String, Value>> {
        let media = match self {
            Self::Stored(media) => media.clone(),
            Self::Photo(sizes) => files::add_photo(unit, sizes)?,
            Self::Document {
                name,
                mime_type,
                bytes,
            } => files::add_document(unit, name, mime_type, bytes)?,
        };
        let mut content = Map::new();
        content.insert(media.kind.name().into(), media.wire);
        caption.put(&mut content, "caption", "caption_entities");
        Ok(content)
    }
}
