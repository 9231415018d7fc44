//! Files in two steps: an address that holds for five minutes, and the file; and uploads.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Multipart, Path, Query, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;

use super::{authorize, check_number, check_version, refusal::Refusal};
use crate::{
    Outside, ids,
    outside::Call,
    store::{
        media::{self, Media},
        messages,
    },
};

const ADDRESS_HOLDS_S: i64 = 5 * 60;
const MEDIA_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

pub(crate) async fn place(
    State(outside): State<Arc<Outside>>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let call = Call::new("meta");
    let allowed = authorize(&outside, &headers).and_then(|()| check_version(&version));
    let found = allowed.and_then(|()| find(&outside, &id));
    let response = found.map(|media| {
        let expires = outside.now().div_euclid(1_000) + ADDRESS_HOLDS_S;
        let hash = hash(&outside, &id, expires);
        let base = &outside.options.base_url;
        Json(json!({
            "messaging_product": "whatsapp",
            "url": format!("{base}/meta/attachments?mid={id}&ext={expires}&hash={hash}"),
            "mime_type": media.mime_type,
            "sha256": media.sha256,
            "file_size": media.bytes.len(),
            "id": id,
        }))
    });
    answer(&outside, call, "media address", &id, response)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Address {
    mid: String,
    ext: i64,
    hash: String,
}

pub(crate) async fn download(
    State(outside): State<Arc<Outside>>,
    Query(address): Query<Address>,
    headers: HeaderMap,
) -> Response {
    let call = Call::new("meta");
    let holds = address.ext > outside.now().div_euclid(1_000)
        && address.hash == hash(&outside, &address.mid, address.ext);
    let file = match (authorize(&outside, &headers), holds) {
        (Err(refusal), _) => Err(refusal),
        (Ok(()), false) => Err(Refusal {
            status: StatusCode::NOT_FOUND,
            ..Refusal::parameter("The address has expired.")
        }),
        (Ok(()), true) => find(&outside, &address.mid),
    };
    let response = file.map(|media| ([(CONTENT_TYPE, media.mime_type)], media.bytes));
    answer(&outside, call, "media download", &address.mid, response)
}

pub(crate) async fn upload(
    State(outside): State<Arc<Outside>>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let call = Call::new("meta");
    let allowed =
        authorize(&outside, &headers).and_then(|()| check_number(&outside, &version, &id));
    let kept = match allowed {
        Ok(()) => keep(&outside, form).await,
        Err(refusal) => Err(refusal),
    };
    let id = kept.as_deref().unwrap_or_default().to_owned();
    let response = kept.map(|id| Json(json!({"id": id})));
    answer(&outside, call, "media upload", &id, response)
}

async fn keep(outside: &Outside, mut form: Multipart) -> Result<String, Refusal> {
    let unreadable = |_| Refusal::parameter("The form cannot be read.");
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
        return Err(Refusal::parameter(
            "The parameter messaging_product is required.",
        ));
    }
    let (mime_type, bytes) =
        file.ok_or_else(|| Refusal::parameter("The parameter file is required."))?;
    if !matches!(mime_type.as_str(), "image/jpeg" | "image/png") {
        return Err(Refusal::parameter(format!(
            "Param file must not be of type {mime_type}."
        )));
    }
    let media = Media::new(ids::meta_media(), &mime_type, bytes.to_vec(), outside.now());
    media::add(&outside.store().db, &media).map_err(|_| Refusal::internal())?;
    Ok(media.id)
}

fn find(outside: &Outside, id: &str) -> Result<Media, Refusal> {
    let media = media::get(&outside.store().db, id).map_err(|_| Refusal::internal())?;
    let media = media.filter(|media| outside.now() - media.at < MEDIA_KEPT_MS);
    media.ok_or_else(|| Refusal::no_object(id))
}

/// Nobody makes up an address.
fn hash(outside: &Outside, id: &str, expires: i64) -> String {
    let secret = outside.options.secrets.meta_app_secret.expose_secret();
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
    outside: &Outside,
    mut call: Call<'_>,
    what: &str,
    media_id: &str,
    response: Result<impl IntoResponse, Refusal>,
) -> Response {
    call.correlation_id = correlation(outside, media_id);
    match response {
        Ok(response) => {
            outside.saw(call, format!("{what}: 200"), true);
            response.into_response()
        }
        Err(refusal) => {
            let text = format!(
                "{what}: {} {} {}",
                refusal.status.as_u16(),
                refusal.code,
                refusal.details
            );
            outside.saw(call, text, false);
            refusal.into_response()
        }
    }
}

/// The one of the message that the picture came in.
fn correlation(outside: &Outside, media_id: &str) -> Option<String> {
    let store = outside.store();
    let message_id = media::get(&store.db, media_id).ok()??.message_id?;
    messages::get(&store.db, &message_id)
        .ok()??
        .message
        .correlation_id
}
