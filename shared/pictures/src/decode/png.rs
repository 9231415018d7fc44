//! PNG. Of an animation, only the default image is decoded.

use std::io::Cursor;

use image::{ImageDecoder, ImageError, Limits, codecs::png::PngDecoder, error::LimitErrorKind};

use super::{Decoded, flatten, orientation};
use crate::{MAX_SIDE_PIXELS, Refusal, Size, bounds};

/// Bounds compressed colour profiles and texts, which could expand from a few bytes to gigabytes.
const MAX_METADATA_BYTES: u64 = 16 * 1024 * 1024;

pub(super) fn decode(bytes: &[u8], min_shorter_side: u32) -> Result<Decoded, Refusal> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE_PIXELS);
    limits.max_image_height = Some(MAX_SIDE_PIXELS);
    limits.max_alloc = Some(MAX_METADATA_BYTES);
    let mut decoder = PngDecoder::with_limits(Cursor::new(bytes), limits)
        .map_err(|error| refusal(&error, bytes))?;
    let (width, height) = decoder.dimensions();
    bounds::check(
        Size::new(width, height),
        flatten::memory(&decoder),
        min_shorter_side,
    )?;
    let exif = decoder.exif_metadata().unwrap_or_default();
    Ok(Decoded {
        orientation: orientation(exif.as_deref()),
        pixels: flatten::pixels(decoder)?,
    })
}

fn refusal(error: &ImageError, bytes: &[u8]) -> Refusal {
    let is_too_large = matches!(error, ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::DimensionError));
    // The first chunk is the header, which begins with width and height.
    let side = |at: usize| {
        bytes
            .get(at..)?
            .first_chunk()
            .map(|side| u32::from_be_bytes(*side))
    };
    match (is_too_large, side(16), side(20)) {
        (true, Some(width), Some(height)) => Refusal::TooManyPixels(Size::new(width, height)),
        _ => Refusal::Unreadable,
    }
}
