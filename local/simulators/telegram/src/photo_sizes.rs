//! The sizes in which Telegram keeps a photo, each re-encoded as JPEG.

use confab_simulator_base::photo;
use image::{ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder, imageops};

use crate::api_error::ApiError;

/// The longest sides of the sizes.
const SIDES: [u32; 4] = [90, 320, 800, 1_280];
const QUALITY: u8 = 87;
const MAX_PHOTO_BYTES: usize = 10 * 1024 * 1024;
const MAX_SIDES_SUM: u32 = 10_000;
const MAX_RATIO: u32 = 20;

#[derive(Debug)]
pub(crate) struct PhotoSize {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) jpeg: Vec<u8>,
}

/// Decodes a photo and returns its sizes, smallest first.
pub(crate) fn of(bytes: &[u8]) -> Result<Vec<PhotoSize>, ApiError> {
    if bytes.is_empty() {
        return Err(ApiError::bad("file must be non-empty"));
    }
    if bytes.len() > MAX_PHOTO_BYTES {
        return Err(ApiError::bad(format!(
            "file of size {} bytes is too big for a photo; the maximum size is {MAX_PHOTO_BYTES} bytes",
            bytes.len()
        )));
    }
    let photo = photo::read(bytes).ok_or_else(|| ApiError::bad("IMAGE_PROCESS_FAILED"))?;
    let (width, height) = photo.dimensions();
    let (longest, shortest) = (width.max(height), width.min(height));
    if width + height > MAX_SIDES_SUM || shortest == 0 || longest > shortest * MAX_RATIO {
        return Err(ApiError::bad("PHOTO_INVALID_DIMENSIONS"));
    }
    let mut sizes = Vec::new();
    for side in SIDES {
        sizes.push(shrink(&photo, side)?);
        if longest <= side {
            break;
        }
    }
    Ok(sizes)
}

fn shrink(photo: &RgbImage, side: u32) -> Result<PhotoSize, ApiError> {
    let (width, height) = photo.dimensions();
    let longest = width.max(height);
    if longest <= side {
        return encode(photo);
    }
    let scaled = |length: u32| (length * side).div_ceil(longest).max(1);
    encode(&imageops::thumbnail(photo, scaled(width), scaled(height)))
}

fn encode(photo: &RgbImage) -> Result<PhotoSize, ApiError> {
    let (width, height) = photo.dimensions();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode(photo.as_raw(), width, height, ExtendedColorType::Rgb8)
        .map_err(|_| ApiError::bad("IMAGE_PROCESS_FAILED"))?;
    Ok(PhotoSize {
        width,
        height,
        jpeg,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, Rgb};

    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 7]));
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn sides(width: u32, height: u32) -> Vec<(u32, u32)> {
        let sizes = of(&png(width, height)).unwrap();
        sizes.iter().map(|size| (size.width, size.height)).collect()
    }

    #[test]
    fn photos_are_kept_in_sizes_up_to_their_own() {
        assert_eq!(
            sides(1_080, 1_350),
            [(72, 90), (256, 320), (640, 800), (1_024, 1_280)]
        );
        assert_eq!(sides(300, 200), [(90, 60), (300, 200)]);
        assert_eq!(sides(1, 1), [(1, 1)]);
    }

    #[test]
    fn every_size_is_a_jpeg() {
        for size in of(&png(400, 100)).unwrap() {
            assert_eq!(image::guess_format(&size.jpeg).unwrap(), ImageFormat::Jpeg);
            let decoded = photo::read(&size.jpeg).unwrap();
            assert_eq!(decoded.dimensions(), (size.width, size.height));
        }
    }

    #[test]
    fn what_is_no_photo_is_refused() {
        for (bytes, reason) in [
            (vec![], "file must be non-empty"),
            (b"%PDF-1.7".to_vec(), "IMAGE_PROCESS_FAILED"),
            (png(1, 21), "PHOTO_INVALID_DIMENSIONS"),
            (png(9_000, 1_001), "PHOTO_INVALID_DIMENSIONS"),
            (vec![0; MAX_PHOTO_BYTES + 1], "too big for a photo"),
        ] {
            let error = of(&bytes).unwrap_err();
            assert!(error.description.contains(reason), "{error:?}");
        }
        assert!(of(&png(1, 20)).is_ok());
    }
}
