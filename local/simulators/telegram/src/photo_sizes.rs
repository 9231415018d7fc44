//! The sizes in which Telegram keeps a photo, each re-encoded as JPEG.

use confab_simulator_base::photo;
use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};
use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder};

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
    let photo = photo::read(bytes).ok_or_else(unprocessable)?;
    let (width, height) = photo.dimensions();
    let (longest, shortest) = (width.max(height), width.min(height));
    if width + height > MAX_SIDES_SUM || shortest == 0 || longest > shortest * MAX_RATIO {
        return Err(ApiError::bad("PHOTO_INVALID_DIMENSIONS"));
    }
    let mut sizes = Vec::new();
    let mut kept = photo;
    // Largest first: each size is made from the next larger one.
    for side in kept_sides(longest).rev() {
        let scaled = |length: u32| (length * side).div_ceil(longest).max(1);
        if longest > side {
            kept = resize(&kept, scaled(width), scaled(height))?;
        }
        sizes.push(encode(&kept)?);
    }
    sizes.reverse();
    Ok(sizes)
}

/// A photo is kept in all sizes below its own, and in the first that holds it.
fn kept_sides(longest: u32) -> impl DoubleEndedIterator<Item = u32> {
    let smaller = SIDES.iter().filter(|side| **side < longest).count();
    SIDES.into_iter().take(smaller + 1)
}

fn resize(photo: &RgbImage, width: u32, height: u32) -> Result<RgbImage, ApiError> {
    let mut resized = RgbImage::new(width, height);
    let source = TypedImageRef::<U8x3>::from_buffer(photo.width(), photo.height(), photo.as_raw());
    let target = TypedImage::<U8x3>::from_buffer(width, height, &mut resized);
    let (Ok(source), Ok(mut target)) = (source, target) else {
        return Err(unprocessable());
    };
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
    Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .map_err(|_| unprocessable())?;
    Ok(resized)
}

fn encode(photo: &RgbImage) -> Result<PhotoSize, ApiError> {
    let (width, height) = photo.dimensions();
    let mut jpeg = Vec::new();
    // The greatest side fits: sizes are at most 1,280.
    Encoder::new(&mut jpeg, QUALITY)
        .encode(photo.as_raw(), width as u16, height as u16, ColorType::Rgb)
        .map_err(|_| unprocessable())?;
    Ok(PhotoSize {
        width,
        height,
        jpeg,
    })
}

fn unprocessable() -> ApiError {
    ApiError::bad("IMAGE_PROCESS_FAILED")
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
