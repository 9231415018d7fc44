//! Pictures of a request: inline, or at an address on this machine.

use base64::{Engine, engine::general_purpose::STANDARD};
use confab_simulator_base::{fetch, photo};
use image::RgbImage;

use crate::{api_error::ApiError, openai::OpenAi};

const MAX_PICTURE_BYTES: usize = 20 * 1024 * 1024;

/// Reads a picture. `param` is its place in the request, for errors.
pub(crate) async fn read(openai: &OpenAi, url: &str, param: &str) -> Result<RgbImage, ApiError> {
    let bytes = match url.strip_prefix("data:") {
        Some(data) => inline(data, param)?,
        None => fetch::one(&openai.context.http, url).await.map_err(|why| {
            ApiError::picture(
                param,
                "invalid_image_url",
                &format!("Failed to download image: it {why}."),
            )
        })?,
    };
    if bytes.len() > MAX_PICTURE_BYTES {
        return Err(ApiError::picture(
            param,
            "image_too_large",
            "The image is larger than 20 MB.",
        ));
    }
    let unreadable = "You uploaded an unsupported image. Please make sure your image is valid.";
    let read = tokio::task::spawn_blocking(move || photo::read(&bytes))
        .await
        .map_err(|_| ApiError::failed())?;
    read.ok_or_else(|| ApiError::picture(param, "image_parse_error", unreadable))
}

fn inline(data: &str, param: &str) -> Result<Vec<u8>, ApiError> {
    let (kind, base64) = data.split_once(";base64,").unwrap_or_default();
    if !["image/jpeg", "image/png", "image/webp", "image/gif"].contains(&kind) {
        let what = "Expected a base64-encoded data URL with an image MIME type.";
        return Err(ApiError::picture(param, "invalid_image_format", what));
    }
    let what = "Invalid base64 image_url.";
    STANDARD
        .decode(base64)
        .map_err(|_| ApiError::picture(param, "invalid_base64", what))
}
