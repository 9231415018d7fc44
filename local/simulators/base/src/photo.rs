//! Photos: decoding within bounds, shrinking, and measures of pixels.

use std::io::Cursor;

use image::{ImageReader, Limits, RgbImage};

const MAX_SIDE_PIXELS: u32 = 12_000;
const MAX_DECODE_BYTES: u64 = 512 * 1024 * 1024;

/// Decodes a JPEG or PNG, or returns `None` when it is neither or too large.
pub fn read(bytes: &[u8]) -> Option<RgbImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PIXELS);
    limits.max_image_height = Some(MAX_SIDE_PIXELS);
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    reader.limits(limits);
    Some(reader.decode().ok()?.into_rgb8())
}

/// Shrinks a photo. Each pixel averages nine samples of its area, so that the cost does not depend
/// on the photo's size.
pub fn small(photo: &RgbImage, size: u32) -> RgbImage {
    let (width, height) = photo.dimensions();
    let longest = width.max(height).max(size);
    let side = |side: u32| (side * size / longest).max(3);
    let (across, down) = (side(width), side(height));
    let place = |at: u32, third: u32, small: u32, large: u32| {
        let sixths = u64::from(6 * at + 2 * third + 1) * u64::from(large) / u64::from(6 * small);
        u32::try_from(sixths).unwrap_or(0).min(large - 1)
    };
    RgbImage::from_fn(across, down, |x, y| {
        let mut sum = [0_u32; 3];
        for (right, below) in (0..9).map(|third| (third % 3, third / 3)) {
            let pixel = photo.get_pixel(
                place(x, right, across, width),
                place(y, below, down, height),
            );
            for (sum, value) in sum.iter_mut().zip(pixel.0) {
                *sum += u32::from(value);
            }
        }
        image::Rgb(sum.map(|sum| u8::try_from(sum / 9).unwrap_or(u8::MAX)))
    })
}

pub fn luma([r, g, b]: [u8; 3]) -> f32 {
    0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)
}

/// Hue in degrees, saturation and brightness from 0 to 1.
pub fn hue_of(r: f32, g: f32, b: f32) -> (f32, f32, f32) {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let range = most - least;
    if range < 1.0 {
        return (0.0, 0.0, most / 255.0);
    }
    let sixth = match most {
        most if most == r => ((g - b) / range).rem_euclid(6.0),
        most if most == g => (b - r) / range + 2.0,
        _ => (r - g) / range + 4.0,
    };
    (sixth * 60.0, range / most, most / 255.0)
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Mean {
    count: f32,
    sum: f64,
    squares: f64,
}

impl Mean {
    pub fn add(&mut self, value: f32) {
        self.count += 1.0;
        self.sum += f64::from(value);
        self.squares += f64::from(value) * f64::from(value);
    }

    pub fn value(&self) -> f32 {
        (self.sum / f64::from(self.count.max(1.0))) as f32
    }

    pub fn deviation(&self) -> f32 {
        let count = f64::from(self.count.max(1.0));
        let mean = self.sum / count;
        (self.squares / count - mean * mean).max(0.0).sqrt() as f32
    }
}
