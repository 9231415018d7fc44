//! WebP. Its decoder believes every size in a file, so all of them are compared before it is asked.

mod parts;

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;

use self::parts::{Coding, Parts};
use super::{Decoded, opaque, orientation, unreadable};
use crate::{Kind, Refusal, bounds};

/// Ten bytes of lossless data can describe a code, and the decoder makes a table of seventy thousand bytes of it.
const MEMORY_PER_LOSSLESS_BYTE: u64 = 7_000;

pub(super) fn decode(bytes: &[u8], shorter_side: u32) -> Result<Decoded, Refusal> {
    let Parts {
        size,
        coding,
        lossless_bytes,
        exif,
    } = Parts::of(bytes)?;
    let bytes_per_pixel = match coding {
        Coding::Lossy => 5,
        Coding::LossyWithAlpha => 11,
        Coding::Lossless => 8,
    };
    let memory = bytes_per_pixel * size.pixels() + 3 * bytes.len() as u64;
    bounds::check(size, memory, shorter_side)?;
    let codes = MEMORY_PER_LOSSLESS_BYTE * lossless_bytes;
    bounds::check(size, memory + codes, shorter_side)
        .map_err(|_| Refusal::OtherKind(Kind::LosslessWebP))?;
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(unreadable)?;
    Ok(Decoded {
        pixels: opaque::pixels(decoder)?,
        orientation: orientation(exif),
    })
}
