//! Luminance of pixels, from 0 to 255.

use image::RgbImage;

/// Weighs the channels as ITU-R BT.601 does.
pub(crate) fn luminance([red, green, blue]: [u8; 3]) -> u8 {
    ((299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1000) as u8
}

/// Returns the mean luminance of all pixels.
pub(crate) fn mean(pixels: &RgbImage) -> u8 {
    let sum: u64 = pixels
        .pixels()
        .map(|pixel| u64::from(luminance(pixel.0)))
        .sum();
    let count = u64::from(pixels.width()) * u64::from(pixels.height());
    (sum / count.max(1)) as u8
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn green_weighs_more_than_red_and_blue() {
        assert_eq!([[255; 3], [0; 3], [128; 3]].map(luminance), [255, 0, 128]);
        assert_eq!(
            [[255, 0, 0], [0, 255, 0], [0, 0, 255]].map(luminance),
            [76, 150, 29]
        );
    }

    #[test]
    fn mean_covers_all_pixels() {
        let half = RgbImage::from_fn(10, 10, |x, _| Rgb([if x < 5 { 200 } else { 0 }; 3]));
        assert_eq!(mean(&half), 100);
        assert_eq!(mean(&RgbImage::new(0, 0)), 0);
    }
}
