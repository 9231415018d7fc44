//! Draws test pictures and encodes them with common encoders.

use std::io::Cursor;

use image::{
    ExtendedColorType, ImageEncoder, Rgb, RgbImage,
    codecs::{png::PngEncoder, webp::WebPEncoder},
};

use crate::{Picture, Size};

/// Draws soft shapes on a gradient, the same at any size; each `number` is another picture.
pub(crate) fn scene(width: u32, height: u32, number: u32) -> Picture {
    let mut noise = number.wrapping_mul(0x9e37_79b9) | 1;
    let mut next = || {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        (noise >> 8 & 0xffff) as f32 / 65_535.0
    };
    let ground = [next(), next(), next()];
    let shapes: Vec<_> = (0..8)
        .map(|_| {
            (
                [next(), next()],
                0.08 + 0.25 * next(),
                [next(), next(), next()],
            )
        })
        .collect();
    Picture(RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (
            (x as f32 + 0.5) / width as f32,
            (y as f32 + 0.5) / height as f32,
        );
        let mut colour = ground.map(|ground| 0.3 + 0.4 * (ground * x + (1.0 - ground) * y));
        for ([left, top], radius, paint) in &shapes {
            let away = ((x - left).powi(2) + (y - top).powi(2)).sqrt() / radius;
            let cover = (4.0 - 4.0 * away).clamp(0.0, 1.0);
            colour =
                [0, 1, 2].map(|channel| colour[channel] * (1.0 - cover) + paint[channel] * cover);
        }
        Rgb(colour.map(|part| (part * 255.0).round() as u8))
    }))
}

/// Draws red, green, blue and white quarters, row by row.
pub(crate) fn quarters(width: u32, height: u32) -> Picture {
    Picture(RgbImage::from_fn(width, height, |x, y| {
        Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => [255, 0, 0],
            (false, true) => [0, 255, 0],
            (true, false) => [0, 0, 255],
            (false, false) => [255, 255, 255],
        })
    }))
}

/// Draws deterministic noise, which compresses badly.
pub(crate) fn noise(width: u32, height: u32) -> Picture {
    let mut state = 0x2545_f491_u32;
    Picture(RgbImage::from_fn(width, height, |_, _| {
        Rgb([0, 1, 2].map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 16) as u8
        }))
    }))
}

pub(crate) fn png(picture: &Picture) -> Vec<u8> {
    png_of(picture.size(), &picture.0, ExtendedColorType::Rgb8)
}

pub(crate) fn png_of(size: Size, pixels: &[u8], colour: ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(pixels, size.width, size.height, colour)
        .unwrap();
    bytes
}

pub(crate) fn lossless_webp(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Size { width, height } = picture.size();
    let encoder = WebPEncoder::new_lossless(Cursor::new(&mut bytes));
    encoder
        .write_image(&picture.0, width, height, ExtendedColorType::Rgb8)
        .unwrap();
    bytes
}
