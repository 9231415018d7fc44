//! Measures of a photo: light, colour, sharpness, and where in the picture they are.

use confab_simulator_base::photo::{Mean, hue_of, luma, read, small};
use image::RgbImage;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measures {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// From 0 to 255, like all measures of light.
    pub(crate) light: f32,
    /// The standard deviation of the light.
    pub(crate) spread: f32,
    /// The variance of the Laplacian, at a fixed size.
    pub(crate) sharpness: f32,
    pub(crate) upper_light: f32,
    pub(crate) lower_light: f32,
    /// The share of the top that has its most common strong colour.
    pub(crate) band: f32,
    /// The share of the rest that has the same colour.
    pub(crate) band_below: f32,
    /// Excess of green over red and blue.
    pub(crate) green: f32,
    /// The share of pixels in which green dominates.
    pub(crate) greenish: f32,
    /// The shares of blue and of red in all colour.
    pub(crate) blue: f32,
    pub(crate) red: f32,
    /// The shares of warm and of cold colours, whose hues cover almost all.
    pub(crate) warm: f32,
    pub(crate) cold: f32,
    /// The average colour of the middle.
    pub(crate) middle: [f32; 3],
    /// The light of the hair, if any is found.
    pub(crate) hair_light: f32,
}

/// The longest side at which photos are measured.
const MEASURED_SIDE_PIXELS: u32 = 256;
const MIN_SIDE_PIXELS: u32 = 64;
const HUES: usize = 12;
const TOP: f32 = 0.12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MeasureError {
    Unreadable,
    TooSmall,
}

pub(crate) fn measure(bytes: &[u8]) -> Result<Measures, MeasureError> {
    let photo = read(bytes).ok_or(MeasureError::Unreadable)?;
    let (width, height) = photo.dimensions();
    if width.min(height) < MIN_SIDE_PIXELS {
        return Err(MeasureError::TooSmall);
    }
    Ok(Measures {
        width,
        height,
        ..of(&small(&photo, MEASURED_SIDE_PIXELS))
    })
}

fn of(photo: &RgbImage) -> Measures {
    let (width, height) = photo.dimensions();
    let (mut light, mut upper, mut lower) = (Mean::default(), Mean::default(), Mean::default());
    let (mut middle, mut hair, mut all) =
        ([Mean::default(); 3], Mean::default(), [Mean::default(); 3]);
    let (mut tops, mut belows) = ([0_u32; HUES], [0_u32; HUES]);
    let (mut top_pixels, mut below_pixels, mut greenish) = (0_u32, 0_u32, Mean::default());
    let (mut colour, mut blue, mut red, mut warm, mut cold) = (0.0_f32, 0.0, 0.0, 0.0, 0.0);
    for (x, y, pixel) in photo.enumerate_pixels() {
        let (right, down) = (x as f32 / width as f32, y as f32 / height as f32);
        let lit = luma(pixel.0);
        light.add(lit);
        if down < 1.0 / 3.0 {
            upper.add(lit)
        } else {
            lower.add(lit)
        }
        let [r, g, b] = pixel.0.map(f32::from);
        for (mean, value) in all.iter_mut().zip([r, g, b]) {
            mean.add(value);
        }
        if (0.35..0.65).contains(&right) && (0.3..0.6).contains(&down) {
            for (mean, value) in middle.iter_mut().zip([r, g, b]) {
                mean.add(value);
            }
        }
        if (0.4..0.6).contains(&right) && (0.15..0.3).contains(&down) {
            hair.add(lit);
        }
        greenish.add(if g > r + 15.0 && g > b + 15.0 {
            1.0
        } else {
            0.0
        });
        let (hue, saturation, value) = hue_of(r, g, b);
        let strong = saturation > 0.78 && value > 0.3;
        let bin = (hue / 360.0 * HUES as f32) as usize % HUES;
        let (pixels, hues) = if down < TOP {
            (&mut top_pixels, &mut tops)
        } else {
            (&mut below_pixels, &mut belows)
        };
        *pixels += 1;
        hues[bin] += u32::from(strong);
        if saturation > 0.2 && value > 0.15 {
            let weight = saturation * value;
            let add = |sum: &mut f32, is: bool| *sum += if is { weight } else { 0.0 };
            colour += weight;
            add(&mut blue, (180.0..265.0).contains(&hue));
            add(&mut red, !(8.0..325.0).contains(&hue));
            add(&mut warm, !(75.0..290.0).contains(&hue));
            add(&mut cold, (160.0..290.0).contains(&hue));
        }
    }
    // Two neighbouring hues count, because a colour may lie between them.
    let pair = |hues: &[u32; HUES], bin: usize| hues[bin] + hues[(bin + 1) % HUES];
    let strongest = (0..HUES).max_by_key(|bin| pair(&tops, *bin)).unwrap_or(0);
    let part = |count: u32, of: u32| count as f32 / of.max(1) as f32;
    let share = |sum: f32| if colour > 0.0 { sum / colour } else { 0.0 };
    let [r, g, b] = all.map(|mean| mean.value());
    Measures {
        width,
        height,
        light: light.value(),
        spread: light.deviation(),
        sharpness: sharpness(photo),
        upper_light: upper.value(),
        lower_light: lower.value(),
        band: part(pair(&tops, strongest), top_pixels),
        band_below: part(pair(&belows, strongest), below_pixels),
        green: g - r.max(b),
        greenish: greenish.value(),
        blue: share(blue),
        red: share(red),
        warm: share(warm),
        cold: share(cold),
        middle: middle.map(|mean| mean.value()),
        hair_light: hair.value(),
    }
}

fn sharpness(photo: &RgbImage) -> f32 {
    let (width, height) = photo.dimensions();
    let lights: Vec<f32> = photo.pixels().map(|pixel| luma(pixel.0)).collect();
    let at = |x: u32, y: u32| lights[(y * width + x) as usize];
    let mut edges = Mean::default();
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            edges.add(at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y));
        }
    }
    edges.deviation().powi(2)
}
