//! Drawing: areas, ellipses, letters and grain, at places relative to the size of the picture.

use image::{ImageEncoder, RgbImage, codecs::jpeg::JpegEncoder, imageops::FilterType};

pub(crate) type Colour = [u8; 3];

#[derive(Debug, Clone)]
pub(crate) struct Canvas(RgbImage);

/// An ellipse in pixels, and the rows of it that are drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ellipse {
    pub(crate) centre: (f32, f32),
    pub(crate) radius: (f32, f32),
    pub(crate) from: f32,
    pub(crate) to: f32,
}

impl Ellipse {
    pub(crate) fn new(centre: (f32, f32), radius: (f32, f32)) -> Self {
        Self {
            centre,
            radius,
            from: f32::MIN,
            to: f32::MAX,
        }
    }
}

const JPEG_QUALITY: u8 = 82;

impl Canvas {
    pub(crate) fn new(width: u32, height: u32, colour: Colour) -> Self {
        let mut canvas = Self(RgbImage::new(width, height));
        canvas.area((0.0, 0.0), (1.0, 1.0), colour);
        canvas
    }

    pub(crate) fn width(&self) -> f32 {
        self.0.width() as f32
    }

    pub(crate) fn height(&self) -> f32 {
        self.0.height() as f32
    }

    pub(crate) fn area(&mut self, from: (f32, f32), to: (f32, f32), colour: Colour) {
        let (width, height) = (self.width(), self.height());
        for row in pixel(from.1 * height)..pixel(to.1 * height) {
            self.span(row, from.0 * width, to.0 * width, colour);
        }
    }

    /// Fills an area with a vertical gradient.
    pub(crate) fn fade(&mut self, top: Colour, bottom: Colour) {
        let (width, height) = (self.width(), self.height());
        for row in 0..self.0.height() {
            self.span(row, 0.0, width, mix(top, bottom, row as f32 / height));
        }
    }

    pub(crate) fn ellipse(&mut self, ellipse: Ellipse, colour: Colour) {
        let Ellipse {
            centre: (x, y),
            radius: (rx, ry),
            from,
            to,
        } = ellipse;
        for row in pixel((y - ry).max(from))..pixel((y + ry).min(to)) {
            let away = (row as f32 + 0.5 - y) / ry;
            let half = rx * (1.0 - away * away).max(0.0).sqrt();
            self.span(row, x - half, x + half, colour);
        }
    }

    /// Draws letters as blocks. `size` is the side of a block.
    pub(crate) fn letters(&mut self, text: &str, at: (f32, f32), size: f32, colour: Colour) {
        for (place, letter) in text.chars().enumerate() {
            for (down, bits) in shape(letter).into_iter().enumerate() {
                for across in (0..5).filter(|across| bits & (0b10000 >> across) != 0) {
                    let x = at.0 + (place * 6 + across) as f32 * size;
                    let y = at.1 + down as f32 * size;
                    for row in pixel(y)..pixel(y + size) {
                        self.span(row, x, x + size, colour);
                    }
                }
            }
        }
    }

    /// Makes random squares of `side` pixels lighter or darker. One seed gives one pattern.
    pub(crate) fn grain(&mut self, side: u32, strength: i16, seed: u32) {
        let mut noise = seed | 1;
        for top in (0..self.0.height()).step_by(side as usize) {
            for left in (0..self.0.width()).step_by(side as usize) {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                let shift =
                    i16::try_from(noise >> 8 & 0xff).unwrap_or(0) * strength / 128 - strength;
                for row in top..(top + side).min(self.0.height()) {
                    for value in self.pixels(row, left, left + side) {
                        *value = (i16::from(*value) + shift).clamp(0, 255) as u8;
                    }
                }
            }
        }
    }

    /// Maps every colour.
    pub(crate) fn tint(&mut self, change: impl Fn(Colour) -> Colour) {
        for pixel in self.0.pixels_mut() {
            pixel.0 = change(pixel.0);
        }
    }

    /// Blurs details smaller than a `part` of the picture.
    pub(crate) fn blurred(&self, part: u32) -> Self {
        let (width, height) = self.0.dimensions();
        let small =
            image::imageops::resize(&self.0, part, part * height / width, FilterType::Nearest);
        Self(image::imageops::resize(
            &small,
            width,
            height,
            FilterType::Triangle,
        ))
    }

    pub(crate) fn jpeg(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        let (width, height) = self.0.dimensions();
        // Writing to memory does not fail.
        drop(encoder.write_image(
            self.0.as_raw(),
            width,
            height,
            image::ExtendedColorType::Rgb8,
        ));
        bytes
    }

    fn span(&mut self, row: u32, from: f32, to: f32, colour: Colour) {
        if row < self.0.height() {
            for pixel in self
                .pixels(row, pixel(from), pixel(to))
                .as_chunks_mut::<3>()
                .0
            {
                *pixel = colour;
            }
        }
    }

    fn pixels(&mut self, row: u32, from: u32, to: u32) -> &mut [u8] {
        let width = self.0.width();
        let (from, to) = (from.min(width), to.clamp(from.min(width), width));
        let at = |column: u32| (row as usize * width as usize + column as usize) * 3;
        &mut self.0.as_mut()[at(from)..at(to)]
    }
}

/// Rounds a place to a pixel. Places before the picture are its first pixel.
fn pixel(place: f32) -> u32 {
    place.round().max(0.0) as u32
}

pub(crate) fn mix(one: Colour, other: Colour, share: f32) -> Colour {
    std::array::from_fn(|at| {
        (f32::from(one[at]) * (1.0 - share) + f32::from(other[at]) * share) as u8
    })
}

/// Converts hue in degrees, and saturation and brightness from 0 to 1.
pub(crate) fn hsv(hue: f32, saturation: f32, value: f32) -> Colour {
    let part = |shift: f32| {
        let k = (shift + hue / 60.0).rem_euclid(6.0);
        let dip = k.min(4.0 - k).clamp(0.0, 1.0);
        ((value - value * saturation * dip) * 255.0).round() as u8
    };
    [part(5.0), part(3.0), part(1.0)]
}

/// Returns seven rows of five blocks. Characters without a shape are a full block.
fn shape(letter: char) -> [u8; 7] {
    match letter {
        'C' => [
            0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110,
        ],
        'E' => [
            0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111,
        ],
        'L' => [
            0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111,
        ],
        'P' => [
            0b11110, 0b10001, 0b10001, 0b11110, 0b10000, 0b10000, 0b10000,
        ],
        'Q' => [
            0b01110, 0b10001, 0b10001, 0b10001, 0b10101, 0b10010, 0b01101,
        ],
        'S' => [
            0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110,
        ],
        _ => [0b11111; 7],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_match_their_names() {
        assert_eq!(
            (hsv(0.0, 1.0, 1.0), hsv(120.0, 1.0, 1.0)),
            ([255, 0, 0], [0, 255, 0])
        );
        assert_eq!(
            (hsv(240.0, 1.0, 0.5), hsv(77.0, 0.0, 1.0)),
            ([0, 0, 128], [255, 255, 255])
        );
    }

    #[test]
    fn areas_outside_the_picture_are_not_drawn() {
        let mut canvas = Canvas::new(4, 4, [9, 9, 9]);
        canvas.ellipse(Ellipse::new((-50.0, -50.0), (10.0, 10.0)), [1, 1, 1]);
        canvas.area((2.0, 2.0), (3.0, 3.0), [1, 1, 1]);
        canvas.letters("CEX", (3.0, 3.0), 9.0, [1, 1, 1]);
        assert!(
            canvas
                .0
                .pixels()
                .filter(|pixel| pixel.0 == [9, 9, 9])
                .count()
                >= 15
        );
    }
}
