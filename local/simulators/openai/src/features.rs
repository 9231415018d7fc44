//! Features of a picture: colours, light and lines, and where they are.

use confab_simulator_base::photo::{Mean, hue_of, luma, small};
use image::RgbImage;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Colour {
    Red,
    Orange,
    Yellow,
    Green,
    Teal,
    Blue,
    Violet,
    Pink,
    Brown,
    White,
    Grey,
    Black,
}

const COLOURS: usize = Colour::Black as usize + 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    Upright,
    Level,
    /// Lines in all directions.
    Many,
    Few,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ImageFeatures {
    /// Colours of the picture, most common first.
    pub(crate) colours: Vec<Colour>,
    /// The most common colour of the upper and of the lower half.
    pub(crate) above: Colour,
    pub(crate) below: Colour,
    /// From 0 to 255, like all measures of light.
    pub(crate) light: f32,
    /// The standard deviation of the light.
    pub(crate) contrast: f32,
    pub(crate) lines: Lines,
    /// The colours of nine areas, row by row.
    pub(crate) grid: [Colour; 9],
}

/// The longest side at which pictures are measured.
const MEASURED_SIDE_PIXELS: u32 = 96;
/// Minimum pixels of a colour of the picture.
const MIN_COLOUR_PIXELS: usize = 25;
/// Maximum average difference of light between neighbours in a picture without lines.
const MAX_CALM_DIFFERENCE: f32 = 5.0;
/// Minimum ratio of differences between two directions that makes lines.
const MIN_LINE_RATIO: f32 = 1.4;

pub(crate) fn extract_features(picture: &RgbImage) -> ImageFeatures {
    let seen = small(picture, MEASURED_SIDE_PIXELS);
    let (width, height) = seen.dimensions();
    let (mut all, mut upper, mut lower) =
        ([0_usize; COLOURS], [0_usize; COLOURS], [0_usize; COLOURS]);
    let (mut light, mut cells) = (Mean::default(), [[Mean::default(); 3]; 9]);
    for (x, y, pixel) in seen.enumerate_pixels() {
        let colour = colour_of(pixel.0.map(f32::from)) as usize;
        all[colour] += 1;
        let half = if 2 * y < height {
            &mut upper
        } else {
            &mut lower
        };
        half[colour] += 1;
        light.add(luma(pixel.0));
        let cell = &mut cells[(y * 3 / height * 3 + x * 3 / width) as usize];
        cell.iter_mut()
            .zip(pixel.0)
            .for_each(|(mean, part)| mean.add(f32::from(part)));
    }
    let pixels = (width * height) as usize;
    let ranked = |counts: &[usize; COLOURS]| {
        let mut ranked: Vec<Colour> = ALL
            .into_iter()
            .filter(|colour| counts[*colour as usize] > 0)
            .collect();
        ranked.sort_by_key(|colour| std::cmp::Reverse(counts[*colour as usize]));
        ranked
    };
    let most = |counts: &[usize; COLOURS]| ranked(counts).first().copied().unwrap_or(Colour::Grey);
    let mut colours = ranked(&all);
    colours.retain(|colour| all[*colour as usize] * MIN_COLOUR_PIXELS >= pixels);
    ImageFeatures {
        colours,
        above: most(&upper),
        below: most(&lower),
        light: light.value(),
        contrast: light.deviation(),
        lines: lines(&seen),
        grid: cells.map(|cell| colour_of(cell.map(|mean| mean.value()))),
    }
}

/// Whether a picture is mostly magenta and black, with enough of both, such as squares of the two.
/// Pixels are sampled without averages, which would mix the colours.
pub(crate) fn is_garish(picture: &RgbImage) -> bool {
    const ACROSS: u32 = 64;
    let (width, height) = picture.dimensions();
    let place = |at: u32, side: u32| {
        (u64::from(2 * at + 1) * u64::from(side) / u64::from(2 * ACROSS)) as u32
    };
    let (mut magenta, mut black) = (0_u32, 0_u32);
    for at in 0..ACROSS * ACROSS {
        let [r, g, b] = picture
            .get_pixel(place(at % ACROSS, width), place(at / ACROSS, height))
            .0;
        magenta += u32::from(r > 190 && g < 80 && b > 190);
        black += u32::from(r.max(g).max(b) < 60);
    }
    let part = |count: u32, percent: u32| count * 100 >= ACROSS * ACROSS * percent;
    part(magenta + black, 75) && part(magenta, 25) && part(black, 25)
}

const ALL: [Colour; COLOURS] = {
    use Colour::*;
    [
        Red, Orange, Yellow, Green, Teal, Blue, Violet, Pink, Brown, White, Grey, Black,
    ]
};

fn colour_of([r, g, b]: [f32; 3]) -> Colour {
    let (hue, saturation, value) = hue_of(r, g, b);
    match hue {
        _ if value < 0.18 => Colour::Black,
        _ if saturation < 0.14 && value > 0.82 => Colour::White,
        _ if saturation < 0.14 => Colour::Grey,
        hue if !(15.0..345.0).contains(&hue) && saturation < 0.5 && value > 0.6 => Colour::Pink,
        hue if !(15.0..345.0).contains(&hue) => Colour::Red,
        hue if hue < 68.0 && value < 0.55 => Colour::Brown,
        hue if hue < 42.0 => Colour::Orange,
        hue if hue < 68.0 => Colour::Yellow,
        hue if hue < 160.0 => Colour::Green,
        hue if hue < 195.0 => Colour::Teal,
        hue if hue < 255.0 => Colour::Blue,
        hue if hue < 290.0 => Colour::Violet,
        _ => Colour::Pink,
    }
}

fn lines(seen: &RgbImage) -> Lines {
    let (width, height) = seen.dimensions();
    let at = |x: u32, y: u32| luma(seen.get_pixel(x, y).0);
    let (mut across, mut down) = (Mean::default(), Mean::default());
    for y in 0..height - 1 {
        for x in 0..width - 1 {
            across.add((at(x + 1, y) - at(x, y)).abs());
            down.add((at(x, y + 1) - at(x, y)).abs());
        }
    }
    match (across.value(), down.value()) {
        (across, down) if across > MIN_LINE_RATIO * down && across > 1.0 => Lines::Upright,
        (across, down) if down > MIN_LINE_RATIO * across && down > 1.0 => Lines::Level,
        (across, down) if across + down > MAX_CALM_DIFFERENCE => Lines::Many,
        _ => Lines::Few,
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn plain(colour: [u8; 3]) -> RgbImage {
        RgbImage::from_pixel(40, 30, Rgb(colour))
    }

    fn squares(side: u32, one: [u8; 3], other: [u8; 3]) -> RgbImage {
        RgbImage::from_fn(320, 240, |x, y| {
            Rgb(if (x / side + y / side).is_multiple_of(2) {
                one
            } else {
                other
            })
        })
    }

    #[test]
    fn colours_are_named() {
        for (pixel, colour) in [
            ([220, 30, 30], Colour::Red),
            ([240, 140, 30], Colour::Orange),
            ([240, 220, 60], Colour::Yellow),
            ([60, 160, 70], Colour::Green),
            ([40, 190, 180], Colour::Teal),
            ([60, 110, 220], Colour::Blue),
            ([140, 80, 210], Colour::Violet),
            ([250, 150, 160], Colour::Pink),
            ([110, 70, 40], Colour::Brown),
            ([250, 250, 250], Colour::White),
            ([130, 130, 130], Colour::Grey),
            ([10, 10, 20], Colour::Black),
        ] {
            let seen = extract_features(&plain(pixel));
            assert_eq!(
                (seen.colours.as_slice(), seen.above, seen.grid),
                ([colour].as_slice(), colour, [colour; 9])
            );
            assert_eq!((seen.lines, seen.contrast < 0.1), (Lines::Few, true));
        }
    }

    #[test]
    fn lines_are_recognized_by_direction() {
        let stripes = |upright: bool| {
            RgbImage::from_fn(120, 120, |x, y| {
                Rgb([if (if upright { x } else { y }) / 10 % 2 == 0 {
                    40
                } else {
                    200
                }; 3])
            })
        };
        assert_eq!(extract_features(&stripes(true)).lines, Lines::Upright);
        assert_eq!(extract_features(&stripes(false)).lines, Lines::Level);
        assert_eq!(
            extract_features(&squares(10, [0; 3], [255; 3])).lines,
            Lines::Many
        );
    }

    #[test]
    fn upper_and_lower_half_are_distinguished_at_any_size() {
        for (width, height) in [(1, 1), (2, 3), (1, 900), (640, 480)] {
            let picture = RgbImage::from_fn(width, height, |_, y| {
                Rgb(if 2 * y < height {
                    [60, 110, 220]
                } else {
                    [240, 220, 60]
                })
            });
            let seen = extract_features(&picture);
            assert_eq!(seen.above, Colour::Blue);
            if height > 3 {
                assert_eq!(seen.below, Colour::Yellow);
            }
        }
    }

    #[test]
    fn only_magenta_and_black_squares_are_garish() {
        for side in [4, 16, 40, 120] {
            assert!(is_garish(&squares(side, [255, 0, 255], [0; 3])), "{side}");
        }
        for (one, other) in [
            ([255, 0, 255], [255; 3]),
            ([0; 3], [255; 3]),
            ([255, 0, 0], [0; 3]),
            ([255, 0, 255], [255, 0, 255]),
        ] {
            assert!(!is_garish(&squares(16, one, other)), "{one:?} {other:?}");
        }
        assert!(
            !is_garish(&plain([255, 0, 255]))
                && !is_garish(&plain([0; 3]))
                && !is_garish(&RgbImage::new(1, 1))
        );
    }
}
