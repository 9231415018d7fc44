//! Downloads of files: by the bot over links of `getFile`, and by pages.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use confab_simulator_base::{Answer, Problem};

use crate::{
    api,
    api_error::ApiError,
    files::{self, StoredFile},
    telegram::Telegram,
};

pub(crate) async fn download(
    State(telegram): State<Arc<Telegram>>,
    Path(path): Path<String>,
) -> Result<Response, ApiError> {
    let path = path.strip_prefix("bot");
    let parts = path.and_then(|path| path.split_once('/'));
    let (token, path) = parts.ok_or_else(|| ApiError::of_status(404))?;
    if !api::is_token(&telegram, token) {
        return Err(ApiError::unauthorized());
    }
    let (bot, now) = (telegram.account.bot_id(), telegram.context.now());
    let found = files::by_path(&telegram.context.store().db, bot, path, now)?;
    let file = found.ok_or_else(|| ApiError::of_status(404))?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], file.bytes).into_response())
}

pub(crate) async fn show(
    State(telegram): State<Arc<Telegram>>,
    Path(id): Path<String>,
) -> Answer<Response> {
    let found = files::by_unique_id(&telegram.context.store().db, &id)?;
    let StoredFile { body, bytes } = found.ok_or(Problem::NotFound("file"))?;
    let mime_type = body["mime_type"]
        .as_str()
        .unwrap_or("image/jpeg")
        .to_owned();
    Ok(([(CONTENT_TYPE, mime_type)], bytes).into_response())
}
