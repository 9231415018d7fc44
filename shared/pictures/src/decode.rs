//! Decodes files to pixels. Each format validates the header's claims before its decoder runs.

mod flatten;
mod jpeg;
mod png;
mod webp;

use image::{ImageError, RgbImage, metadata::Orientation};

use crate::{Kind, Refusal};

pub(crate) struct Decoded {
    pub(crate) pixels: RgbImage,
    pub(crate) orientation: Orientation,
}

/// Decodes a file; a picture whose shorter side is below `min_shorter_side` is refused.
pub(crate) fn decode(bytes: &[u8], min_shorter_side: u32) -> Result<Decoded, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    match Kind::of(bytes).ok_or(Refusal::UnknownKind)? {
        Kind::Jpeg => jpeg::decode(bytes, min_shorter_side),
        Kind::Png => png::decode(bytes, min_shorter_side),
        Kind::WebP => webp::decode(bytes, min_shorter_side),
        kind => Err(Refusal::OtherKind(kind)),
    }
}

/// Reads the orientation; some programs prefix Exif with JPEG's header in other containers as well.
fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(|exif| {
        Orientation::from_exif_chunk(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))
    })
    .unwrap_or(Orientation::NoTransforms)
}

fn to_unreadable(_: ImageError) -> Refusal {
    Refusal::Unreadable
}

#[cfg(test)]
mod tests;
