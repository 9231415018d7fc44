//! What can be seen of a photo without knowing what a person is: light, colour, sharpness, and where they are.

use std::io::Cursor;

use image::{ImageReader, Limits, RgbImage};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measures {
    pub(super) width: u32,
    pub(super) height: u32,
    /// From 0 to 255, as all that is said of light.
    pub(super) light: f32,
    /// The standard deviation of the light.
    pub(super) spread: f32,
    /// The variance of the Laplacian, at a fixed size.
    pub(super) sharpness: f32,
    pub(super) upper_light: f32,
    pub(super) lower_light: f32,
    /// Which part of the top has the one strong colour that is most common there.
    pub(super) band: f32,
    /// Which part of the rest has that strong colour too.
    pub(super) band_below: f32,
    /// How much more green there is than red or blue.
    pub(super) green: f32,
    /// Which part is greener than anything else.
    pub(super) greenish: f32,
    /// How much of all colour is blue, and how much red.
    pub(super) blue: f32,
    pub(super) red: f32,
    /// The same for warm and cold colours, which leave out little.
    pub(super) warm: f32,
    pub(super) cold: f32,
    /// The average of the middle.
    pub(super) middle: [f32; 3],
    /// The light of the hair, where there is any.
    pub(super) hair_light: f32,
}

/// Photos are judged at this size, longest side.
const SIZE: u32 = 256;
const LARGEST_SIDE: u32 = 12_000;
const MOST_MEMORY: u64 = 512 * 1024 * 1024;
const SMALLEST_SIDE: u32 = 64;
const HUES: usize = 12;
const TOP: f32 = 0.12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unseen {
    Unreadable,
    TooSmall,
}

pub(super) fn measure(bytes: &[u8]) -> Result<Measures, Unseen> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| Unseen::Unreadable)?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let photo = reader.decode().map_err(|_| Unseen::Unreadable)?.into_rgb8();
    let (width, height) = photo.dimensions();
    if width.min(height) < SMALLEST_SIDE {
        return Err(Unseen::TooSmall);
    }
    Ok(Measures { width, height, ..of(&small(&photo)) })
}

/// Each pixel is the average of nine places of its area: as good as all of them, and independent of the photo's size.
fn small(photo: &RgbImage) -> RgbImage {
    let (width, height) = photo.dimensions();
    let longest = width.max(height).max(SIZE);
    let side = |side: u32| (side * SIZE / longest).max(3);
    let (across, down) = (side(width), side(height));
    let place = |at: u32, third: u32, small: u32, large: u32| {
        let sixths = u64::from(6 * at + 2 * third + 1) * u64::from(large) / u64::from(6 * small);
        u32::try_from(sixths).unwrap_or(0).min(large - 1)
    };
    RgbImage::from_fn(across, down, |x, y| {
        let mut sum = [0_u32; 3];
        for (right, below) in (0..9).map(|third| (third % 3, third / 3)) {
            let pixel = photo.get_pixel(place(x, right, across, width), place(y, below, down, height));
            for (sum, value) in sum.iter_mut().zip(pixel.0) {
                *sum += u32::from(value);
            }
        }
        image::Rgb(sum.map(|sum| u8::try_from(sum / 9).unwrap_or(u8::MAX)))
    })
}

fn of(photo: &RgbImage) -> Measures {
    let (width, height) = photo.dimensions();
    let (mut light, mut upper, mut lower) = (Mean::default(), Mean::default(), Mean::default());
    let (mut middle, mut hair, mut all) = ([Mean::default(); 3], Mean::default(), [Mean::default(); 3]);
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
        greenish.add(if g > r + 15.0 && g > b + 15.0 { 1.0 } else { 0.0 });
        let (hue, saturation, value) = hue_of(r, g, b);
        let strong = saturation > 0.78 && value > 0.3;
        let bin = (hue / 360.0 * HUES as f32) as usize % HUES;
        let (pixels, hues) = if down < TOP { (&mut top_pixels, &mut tops) } else { (&mut below_pixels, &mut belows) };
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
    // Two neighbours, for a colour may lie on the border of two.
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

fn luma([r, g, b]: [u8; 3]) -> f32 {
    0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)
}

/// Hue in degrees, saturation and brightness from 0 to 1.
fn hue_of(r: f32, g: f32, b: f32) -> (f32, f32, f32) {
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
struct Mean {
    count: f32,
    sum: f64,
    squares: f64,
}

impl Mean {
    fn add(&mut self, value: f32) {
        self.count += 1.0;
        self.sum += f64::from(value);
        self.squares += f64::from(value) * f64::from(value);
    }

    fn value(&self) -> f32 {
        (self.sum / f64::from(self.count.max(1.0))) as f32
    }

    fn deviation(&self) -> f32 {
        let count = f64::from(self.count.max(1.0));
        let mean = self.sum / count;
        (self.squares / count - mean * mean).max(0.0).sqrt() as f32
    }
}
