//! Media: uploads, and downloads from an address that is valid for five minutes.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Multipart, Path, Query, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use confab_simulator_base::Call;
use confab_simulator_chat::{
    media::{self, Media},
    messages,
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;

use crate::{
    access::{authorize, check_number, check_version},
    api_error::ApiError,
    ids,
    meta::Meta,
};

const ADDRESS_TTL_S: i64 = 5 * 60;
const MEDIA_TTL_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

pub(crate) async fn address(
    State(meta): State<Arc<Meta>>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let call = Call::new("meta");
    let allowed = authorize(&meta, &headers).and_then(|()| check_version(&version));
    let found = allowed.and_then(|()| find(&meta, &id));
    let response = found.map(|media| {
        let expires = meta.context.now().div_euclid(1_000) + ADDRESS_TTL_S;
        let hash = hash(&meta, &id, expires);
        let base = meta.context.base_url();
        Json(json!({
            "messaging_product": "whatsapp",
            "url": format!("{base}/meta/attachments?mid={id}&ext={expires}&hash={hash}"),
            "mime_type": media.mime_type,
            "sha256": media.sha256,
            "file_size": media.bytes.len(),
            "id": id,
        }))
    });
    answer(&meta, call, "media address", &id, response)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Address {
    mid: String,
    ext: i64,
    hash: String,
}

pub(crate) async fn download(
    State(meta): State<Arc<Meta>>,
    Query(address): Query<Address>,
    headers: HeaderMap,
) -> Response {
    let call = Call::new("meta");
    let holds = address.ext > meta.context.now().div_euclid(1_000)
        && address.hash == hash(&meta, &address.mid, address.ext);
    let file = match (authorize(&meta, &headers), holds) {
        (Err(error), _) => Err(error),
        (Ok(()), false) => Err(ApiError {
            status: StatusCode::NOT_FOUND,
            ..ApiError::parameter("The address has expired.")
        }),
        (Ok(()), true) => find(&meta, &address.mid),
    };
    let response = file.map(|media| ([(CONTENT_TYPE, media.mime_type)], media.bytes));
    answer(&meta, call, "media download", &address.mid, response)
}

pub(crate) async fn upload(
    State(meta): State<Arc<Meta>>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let call = Call::new("meta");
    let allowed = authorize(&meta, &headers).and_then(|()| check_number(&meta, &version, &id));
    let stored = match allowed {
        Ok(()) => store(&meta, form).await,
        Err(error) => Err(error),
    };
    let id = stored.as_deref().unwrap_or_default().to_owned();
    let response = stored.map(|id| Json(json!({"id": id})));
    answer(&meta, call, "media upload", &id, response)
}

async fn store(meta: &Meta, mut form: Multipart) -> Result<String, ApiError> {
    let unreadable = |_| ApiError::parameter("The form cannot be read.");
    let (mut product, mut file) = (None, None);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("messaging_product") => product = Some(field.text().await.map_err(unreadable)?),
            Some("file") => {
                let mime_type = field.content_type().unwrap_or_default().to_owned();
                file = Some((mime_type, field.bytes().await.map_err(unreadable)?));
            }
            _ => {}
        }
    }
    if product.as_deref() != Some("whatsapp") {
        return Err(ApiError::parameter(
            "The parameter messaging_product is required.",
        ));
    }
    let (mime_type, bytes) =
        file.ok_or_else(|| ApiError::parameter("The parameter file is required."))?;
    if !matches!(mime_type.as_str(), "image/jpeg" | "image/png") {
        return Err(ApiError::parameter(format!(
            "Param file must not be of type {mime_type}."
        )));
    }
    let media = Media::new(
        ids::media_id(),
        &mime_type,
        bytes.to_vec(),
        meta.context.now(),
    );
    media::add(&meta.context.store().db, &media).map_err(|_| ApiError::internal())?;
    Ok(media.id)
}

fn find(meta: &Meta, id: &str) -> Result<Media, ApiError> {
    let media = media::get(&meta.context.store().db, id).map_err(|_| ApiError::internal())?;
    let media = media.filter(|media| meta.context.now() - media.at < MEDIA_TTL_MS);
    media.ok_or_else(|| ApiError::no_object(id))
}

/// Signs an address.
fn hash(meta: &Meta, id: &str, expires: i64) -> String {
    let secret = meta.account.app_secret.expose_secret();
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{id} {expires}").as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn answer(
    meta: &Meta,
    mut call: Call<'_>,
    what: &str,
    media_id: &str,
    response: Result<impl IntoResponse, ApiError>,
) -> Response {
    call.correlation_id = correlation(meta, media_id);
    match response {
        Ok(response) => {
            meta.context.record(call, format!("{what}: 200"), true);
            response.into_response()
        }
        Err(error) => {
            let text = format!(
                "{what}: {} {} {}",
                error.status.as_u16(),
                error.code,
                error.details
            );
            meta.context.record(call, text, false);
            error.into_response()
        }
    }
}

/// Returns the correlation id of the message that holds the picture.
fn correlation(meta: &Meta, media_id: &str) -> Option<String> {
    let store = meta.context.store();
    let message_id = media::get(&store.db, media_id).ok()??.message_id?;
    messages::get(&store.db, &message_id)
        .ok()??
        .message
        .correlation_id
}
