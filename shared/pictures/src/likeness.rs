//! Perceptual hash in 64 bits: similar pictures differ in few of them.

use std::f64::consts::PI;

use crate::{
    Picture, Size,
    luminance::luminance,
    resize::{Area, resize},
};

/// A perceptual hash (pHash). It survives scaling, compression and brightness changes, but not
/// cropping or rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Likeness(pub u64);

/// In tests, copies differ in up to eight bits and different pictures in fourteen or more.
const MAX_NEAR_DISTANCE_BITS: u32 = 10;

impl Likeness {
    /// Hashes a picture: one bit for each low frequency above the median.
    pub fn of(picture: &Picture) -> Self {
        let frequencies = low_frequencies(&luminance_grid(picture));
        let mut sorted = frequencies.clone();
        sorted.sort_unstable();
        let median = sorted[sorted.len() / 2];
        let bits = frequencies
            .iter()
            .map(|frequency| u64::from(*frequency > median));
        Self(bits.fold(0, |all, bit| all << 1 | bit))
    }

    /// Returns the Hamming distance.
    pub fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }

    /// Tells whether two pictures are likely copies of one.
    pub fn is_near(self, other: Self) -> bool {
        self.distance(other) <= MAX_NEAR_DISTANCE_BITS
    }
}

const GRID_SIDE: usize = 32;
const FREQUENCIES_PER_AXIS: usize = 8;
type LuminanceGrid = [[i64; GRID_SIDE]; GRID_SIDE];

/// Scales a picture's luminance to a small square.
fn luminance_grid(picture: &Picture) -> LuminanceGrid {
    let small = resize(
        &picture.0,
        Area::whole(&picture.0),
        Size::square(GRID_SIDE as u32),
    );
    let mut grid = [[0; GRID_SIDE]; GRID_SIDE];
    for (x, y, pixel) in small.enumerate_pixels() {
        grid[y as usize][x as usize] = luminance(pixel.0).into();
    }
    grid
}

/// Computes the lowest frequencies of a discrete cosine transform, without the constant one.
/// Integers make every machine agree, and a picture of one colour has only zeros.
fn low_frequencies(grid: &LuminanceGrid) -> Vec<i64> {
    let waves: Vec<[i64; GRID_SIDE]> = (0..FREQUENCIES_PER_AXIS).map(cosine_wave).collect();
    let dot_product = |values: &[i64], wave: &[i64]| {
        values
            .iter()
            .zip(wave)
            .map(|(value, wave)| value * wave)
            .sum::<i64>()
    };
    let places = (0..FREQUENCIES_PER_AXIS * FREQUENCIES_PER_AXIS)
        .skip(1)
        .map(|place| (place % FREQUENCIES_PER_AXIS, place / FREQUENCIES_PER_AXIS));
    let frequency = |(across, down): (usize, usize)| {
        let column: Vec<i64> = grid
            .iter()
            .map(|row| dot_product(row, &waves[across]))
            .collect();
        dot_product(&column, &waves[down])
    };
    places.map(frequency).collect()
}

fn cosine_wave(frequency: usize) -> [i64; GRID_SIDE] {
    std::array::from_fn(|place| {
        let angle = PI * ((2 * place + 1) * frequency) as f64 / (2 * GRID_SIDE) as f64;
        (angle.cos() * 4096.0).round() as i64
    })
}

#[cfg(test)]
mod tests {
    use image::{Rgb, imageops};

    use super::*;
    use crate::{Wanted, samples};

    fn changed(picture: &Picture, change: impl Fn(f32) -> f32) -> Picture {
        let mut changed = picture.clone();
        for part in changed.0.iter_mut() {
            *part = change(f32::from(*part)).clamp(0.0, 255.0) as u8;
        }
        changed
    }

    fn copies(picture: &Picture) -> [(&'static str, Picture); 9] {
        let again = |quality| {
            let wanted = Wanted {
                shorter_side: 1,
                within: picture.size(),
            };
            Picture::read(&picture.jpeg(quality), &wanted).unwrap()
        };
        let stretched = resize(&picture.0, Area::whole(&picture.0), Size::new(600, 500));
        [
            ("smaller", picture.within(Size::square(200))),
            ("much smaller", picture.within(Size::square(64))),
            ("stretched", Picture(stretched)),
            ("compressed", again(60)),
            ("compressed a lot", again(12)),
            ("brighter", changed(picture, |part| part * 1.15 + 12.0)),
            ("darker", changed(picture, |part| part * 0.7)),
            (
                "flatter",
                changed(picture, |part| 128.0 + 0.6 * (part - 128.0)),
            ),
            ("small and compressed", again(40).within(Size::square(150))),
        ]
    }

    #[test]
    fn copies_of_a_picture_are_near() {
        for number in 1..=20 {
            let picture = samples::scene(640, 480, number);
            for (what, copy) in copies(&picture) {
                let distance = Likeness::of(&picture).distance(Likeness::of(&copy));
                assert!(distance <= 8, "{number}, {what}: {distance}");
            }
        }
    }

    #[test]
    fn different_pictures_are_not_near() {
        let all: Vec<_> = (1..=40)
            .map(|number| Likeness::of(&samples::scene(320, 240, number)))
            .collect();
        for (number, one) in all.iter().enumerate() {
            for other in &all[number + 1..] {
                assert!(
                    one.distance(*other) >= 14 && !one.is_near(*other),
                    "{}",
                    one.distance(*other)
                );
            }
        }
    }

    #[test]
    fn rotated_and_mirrored_pictures_are_not_near() {
        let picture = samples::scene(320, 320, 7);
        for other in [
            imageops::flip_horizontal(&picture.0),
            imageops::rotate90(&picture.0),
            imageops::rotate180(&picture.0),
        ] {
            assert!(!Likeness::of(&picture).is_near(Likeness::of(&Picture(other))));
        }
    }

    #[test]
    fn pictures_are_near_within_ten_bits() {
        let one = Likeness(0xffff_0000_ffff_0000);
        assert_eq!(one.distance(one), 0);
        assert_eq!(one.distance(Likeness(!one.0)), 64);
        assert!(one.is_near(Likeness(one.0 ^ 0b11_1111_1111)));
        assert!(!one.is_near(Likeness(one.0 ^ 0b111_1111_1111)));
    }

    #[test]
    fn single_colour_hashes_to_zero() {
        for colour in [[0; 3], [255; 3], [10, 200, 90]] {
            let plain = Picture(image::RgbImage::from_pixel(70, 50, Rgb(colour)));
            assert_eq!(Likeness::of(&plain), Likeness(0));
        }
        assert_ne!(Likeness::of(&samples::scene(70, 50, 1)), Likeness(0));
    }

    #[test]
    fn hash_sets_half_of_its_bits() {
        for number in 1..=20 {
            assert_eq!(
                Likeness::of(&samples::scene(320, 240, number))
                    .0
                    .count_ones(),
                31
            );
        }
    }

    #[test]
    fn hash_of_a_known_picture_is_stable() {
        assert_eq!(
            format!("{:016x}", Likeness::of(&samples::quarters(64, 64)).0),
            "334c18b3674c18b3"
        );
    }
}
