//! WebP. Its decoder trusts every size in a file, so all sizes are validated first.

mod parts;

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;

use self::parts::{Coding, Parts};
use super::{Decoded, flatten, orientation, to_unreadable};
use crate::{Kind, Refusal, bounds};

/// Ten bytes of lossless data can describe a Huffman code, for which the decoder allocates 70,000
/// bytes.
const MEMORY_PER_LOSSLESS_BYTE: u64 = 7_000;

pub(super) fn decode(bytes: &[u8], min_shorter_side: u32) -> Result<Decoded, Refusal> {
    let Parts {
        size,
        coding,
        lossless_bytes,
        exif,
    } = Parts::parse(bytes)?;
    let bytes_per_pixel = match coding {
        Coding::Lossy => 5,
        Coding::LossyWithAlpha => 11,
        Coding::Lossless => 8,
    };
    let memory = bytes_per_pixel * size.pixels() + 3 * bytes.len() as u64;
    bounds::check(size, memory, min_shorter_side)?;
    let codes = MEMORY_PER_LOSSLESS_BYTE * lossless_bytes;
    bounds::check(size, memory + codes, min_shorter_side)
        .map_err(|_| Refusal::OtherKind(Kind::LosslessWebP))?;
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(to_unreadable)?;
    Ok(Decoded {
        pixels: flatten::pixels(decoder)?,
        orientation: orientation(exif),
    })
}
