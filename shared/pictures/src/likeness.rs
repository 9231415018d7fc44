//! What a picture looks like, in 64 bits: pictures that look alike differ in few of them.

use std::f64::consts::PI;

use crate::{
    Picture, Size,
    light::luminance,
    resize::{Area, resized},
};

/// The coarse shapes of light and dark. It outlives scaling, compression and more light, but no cropping and no turning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Likeness(pub u64);

/// Copies of a drawn picture differ in up to eight bits, different ones in fourteen and more.
const NEAR: u32 = 10;

impl Likeness {
    pub fn of(picture: &Picture) -> Self {
        let frequencies = frequencies(&shapes(picture));
        let mut sorted = frequencies.clone();
        sorted.sort_unstable();
        let median = sorted[sorted.len() / 2];
        let bits = frequencies
            .iter()
            .map(|frequency| u64::from(*frequency > median));
        Self(bits.fold(0, |all, bit| all << 1 | bit))
    }

    /// In how many bits the two differ.
    pub fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }

    pub fn is_near(self, other: Self) -> bool {
        self.distance(other) <= NEAR
    }
}

const SIDE: usize = 32;
const LOWEST: usize = 8;
type Square = [[i64; SIDE]; SIDE];

/// The light of the picture, pressed into a small square.
fn shapes(picture: &Picture) -> Square {
    let small = resized(
        &picture.0,
        Area::whole(&picture.0),
        Size::square(SIDE as u32),
    );
    let mut light = [[0; SIDE]; SIDE];
    for (x, y, pixel) in small.enumerate_pixels() {
        light[y as usize][x as usize] = luminance(pixel.0).into();
    }
    light
}

/// The lowest ones of a discrete cosine transform, without the one that is the light of the whole. In whole numbers, so
/// that every machine sees the same, and nothing at all in a picture of one colour.
fn frequencies(light: &Square) -> Vec<i64> {
    let waves: Vec<[i64; SIDE]> = (0..LOWEST).map(wave).collect();
    let along = |values: &[i64], wave: &[i64]| {
        values
            .iter()
            .zip(wave)
            .map(|(value, wave)| value * wave)
            .sum::<i64>()
    };
    let places = (0..LOWEST * LOWEST)
        .skip(1)
        .map(|place| (place % LOWEST, place / LOWEST));
    let frequency = |(across, down): (usize, usize)| {
        let column: Vec<i64> = light.iter().map(|row| along(row, &waves[across])).collect();
        along(&column, &waves[down])
    };
    places.map(frequency).collect()
}

fn wave(frequency: usize) -> [i64; SIDE] {
    std::array::from_fn(|place| {
        let turn = PI * ((2 * place + 1) * frequency) as f64 / (2 * SIDE) as f64;
        (turn.cos() * 4096.0).round() as i64
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
        let stretched = resized(&picture.0, Area::whole(&picture.0), Size::new(600, 500));
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
    fn other_pictures_are_not_near() {
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
    fn turned_and_mirrored_pictures_are_others() {
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
    fn near_is_a_few_bits() {
        let one = Likeness(0xffff_0000_ffff_0000);
        assert_eq!(one.distance(one), 0);
        assert_eq!(one.distance(Likeness(!one.0)), 64);
        assert!(one.is_near(Likeness(one.0 ^ 0b11_1111_1111)));
        assert!(!one.is_near(Likeness(one.0 ^ 0b111_1111_1111)));
    }

    #[test]
    fn one_colour_looks_like_nothing_else() {
        for colour in [[0; 3], [255; 3], [10, 200, 90]] {
            let plain = Picture(image::RgbImage::from_pixel(70, 50, Rgb(colour)));
            assert_eq!(Likeness::of(&plain), Likeness(0));
        }
        assert_ne!(Likeness::of(&samples::scene(70, 50, 1)), Likeness(0));
    }

    #[test]
    fn half_of_the_shapes_are_there() {
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
    fn likenesses_that_are_kept_stay_what_they_were() {
        assert_eq!(
            format!("{:016x}", Likeness::of(&samples::quarters(64, 64)).0),
            "334c18b3674c18b3"
        );
    }
}
