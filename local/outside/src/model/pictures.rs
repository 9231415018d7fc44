//! Pictures in a request: in its own address, or at one of this laptop's.

use base64::{Engine, engine::general_purpose::STANDARD};
use image::RgbImage;

use super::refusal::Refusal;
use crate::{Outside, fetch, photo};

const LARGEST: usize = 20 * 1024 * 1024;

/// `param` is where it is in the request.
pub(super) async fn read(outside: &Outside, url: &str, param: &str) -> Result<RgbImage, Refusal> {
    let bytes = match url.strip_prefix("data:") {
        Some(data) => inline(data, param)?,
        None => fetch::one(outside, url).await.map_err(|why| {
            Refusal::picture(
                param,
                "invalid_image_url",
                &format!("Failed to download image: it {why}."),
            )
        })?,
    };
    if bytes.len() > LARGEST {
        return Err(Refusal::picture(
            param,
            "image_too_large",
            "The image is larger than 20 MB.",
        ));
    }
    let unreadable = "You uploaded an unsupported image. Please make sure your image is valid.";
    let read = tokio::task::spawn_blocking(move || photo::read(&bytes))
        .await
        .map_err(|_| Refusal::failed())?;
    read.ok_or_else(|| Refusal::picture(param, "image_parse_error", unreadable))
}

fn inline(data: &str, param: &str) -> Result<Vec<u8>, Refusal> {
    let (kind, base64) = data.split_once(";base64,").unwrap_or_default();
    if !["image/jpeg", "image/png", "image/webp", "image/gif"].contains(&kind) {
        let what = "Expected a base64-encoded data URL with an image MIME type.";
        return Err(Refusal::picture(param, "invalid_image_format", what));
    }
    let what = "Invalid base64 image_url.";
    STANDARD
        .decode(base64)
        .map_err(|_| Refusal::picture(param, "invalid_base64", what))
}
