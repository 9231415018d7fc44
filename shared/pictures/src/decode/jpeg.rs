//! JPEG. The decoder cannot scale while decoding, so a large picture is decoded at full size.

mod parts;

use image::RgbImage;
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::JpegDecoder;

use self::parts::{MAX_SCANS, Parts};
use super::{Decoded, orientation};
use crate::{Refusal, bounds};

pub(super) fn decode(bytes: &[u8], min_shorter_side: u32) -> Result<Decoded, Refusal> {
    let Parts { jpeg, frame, exif } = Parts::parse(bytes).ok_or(Refusal::Unreadable)?;
    let result_bytes = 3 * frame.size.pixels();
    bounds::check(
        frame.size,
        result_bytes + frame.memory + jpeg.len() as u64,
        min_shorter_side,
    )?;
    let options = DecoderOptions::default()
        // Outside strict mode, corrupt data decodes as grey.
        .set_strict_mode(true)
        .jpeg_set_max_scans(MAX_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&jpeg), options);
    let pixels = decoder.decode().map_err(|_| Refusal::Unreadable)?;
    let pixels = RgbImage::from_raw(frame.size.width, frame.size.height, pixels)
        .ok_or(Refusal::Unreadable)?;
    Ok(Decoded {
        pixels,
        orientation: orientation(exif),
    })
}
