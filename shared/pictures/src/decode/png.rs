//! PNG. Of an animation, the picture that is shown where there are no animations.

use std::io::Cursor;

use image::{ImageDecoder, ImageError, Limits, codecs::png::PngDecoder, error::LimitErrorKind};

use super::{Decoded, opaque, orientation};
use crate::{LONGEST_SIDE, Refusal, Size, bounds};

/// For colour profiles and texts, which are packed too: without a bound, a few bytes become gigabytes.
const METADATA: u64 = 16 * 1024 * 1024;

pub(super) fn decode(bytes: &[u8], shorter_side: u32) -> Result<Decoded, Refusal> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(METADATA);
    let mut decoder = PngDecoder::with_limits(Cursor::new(bytes), limits)
        .map_err(|error| refusal(&error, bytes))?;
    let (width, height) = decoder.dimensions();
    bounds::check(
        Size::new(width, height),
        opaque::memory(&decoder),
        shorter_side,
    )?;
    let exif = decoder.exif_metadata().unwrap_or_default();
    Ok(Decoded {
        orientation: orientation(exif.as_deref()),
        pixels: opaque::pixels(decoder)?,
    })
}

fn refusal(error: &ImageError, bytes: &[u8]) -> Refusal {
    let is_too_large = matches!(error, ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::DimensionError));
    // The first chunk is the header, and begins with the size.
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
