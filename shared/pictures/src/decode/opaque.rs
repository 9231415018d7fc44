//! Pixels as decoders give them, made into red, green and blue. What shines through is white.

use image::{ImageDecoder, RgbImage};

use super::unreadable;
use crate::{Refusal, Size};

/// How many bytes decoding takes at least: what comes out of the decoder, and what is made of it.
pub(super) fn memory(decoder: &impl ImageDecoder) -> u64 {
    let (width, height) = decoder.dimensions();
    let result = if in_place(Layout::of(decoder)) {
        0
    } else {
        3 * Size::new(width, height).pixels()
    };
    decoder.total_bytes().saturating_add(result)
}

pub(super) fn pixels(decoder: impl ImageDecoder) -> Result<RgbImage, Refusal> {
    let (width, height) = decoder.dimensions();
    let layout = Layout::of(&decoder);
    let mut raw = vec![0; usize::try_from(decoder.total_bytes()).map_err(|_| Refusal::Unreadable)?];
    decoder.read_image(&mut raw).map_err(unreadable)?;
    RgbImage::from_raw(width, height, opaque(raw, layout)).ok_or(Refusal::Unreadable)
}

#[derive(Debug, Clone, Copy)]
struct Layout {
    channels: usize,
    /// One or two.
    bytes_per_channel: usize,
}

impl Layout {
    fn of(decoder: &impl ImageDecoder) -> Self {
        let colour = decoder.color_type();
        let channels = usize::from(colour.channel_count());
        Self {
            channels,
            bytes_per_channel: usize::from(colour.bytes_per_pixel()) / channels,
        }
    }

    fn bytes_per_pixel(self) -> usize {
        self.channels * self.bytes_per_channel
    }
}

/// A second buffer beside one of two hundred megabytes would be too much.
fn in_place(layout: Layout) -> bool {
    layout.bytes_per_pixel() >= 3
}

fn opaque(mut raw: Vec<u8>, layout: Layout) -> Vec<u8> {
    let bytes_per_pixel = layout.bytes_per_pixel();
    if !in_place(layout) {
        return raw
            .chunks_exact(bytes_per_pixel)
            .flat_map(|pixel| on_white(pixel, layout))
            .collect();
    }
    if bytes_per_pixel == 3 {
        return raw;
    }
    let pixels = raw.len() / bytes_per_pixel;
    for number in 0..pixels {
        let at = number * bytes_per_pixel;
        let pixel = on_white(&raw[at..at + bytes_per_pixel], layout);
        raw[number * 3..number * 3 + 3].copy_from_slice(&pixel);
    }
    raw.truncate(pixels * 3);
    raw.shrink_to_fit();
    raw
}

fn on_white(pixel: &[u8], layout: Layout) -> [u8; 3] {
    let channel = |number: usize| match layout.bytes_per_channel {
        2 => (u16::from_ne_bytes([pixel[2 * number], pixel[2 * number + 1]]) >> 8) as u8,
        _ => pixel[number],
    };
    let mixed = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u16::from(colour), u16::from(alpha));
        ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    match layout.channels {
        1 => [channel(0); 3],
        2 => [mixed(channel(0), channel(1)); 3],
        3 => [channel(0), channel(1), channel(2)],
        _ => [0, 1, 2].map(|number| mixed(channel(number), channel(3))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(channels: usize, bytes_per_channel: usize) -> Layout {
        Layout {
            channels,
            bytes_per_channel,
        }
    }

    #[test]
    fn every_layout_becomes_red_green_and_blue() {
        let wide = |values: &[u16]| {
            values
                .iter()
                .flat_map(|value| value.to_ne_bytes())
                .collect::<Vec<_>>()
        };
        for (raw, layout, expected) in [
            (vec![7, 8], layout(1, 1), vec![7, 7, 7, 8, 8, 8]),
            (
                vec![7, 255, 8, 0],
                layout(2, 1),
                vec![7, 7, 7, 255, 255, 255],
            ),
            (vec![1, 2, 3, 4, 5, 6], layout(3, 1), vec![1, 2, 3, 4, 5, 6]),
            (
                vec![1, 2, 3, 255, 4, 5, 6, 0],
                layout(4, 1),
                vec![1, 2, 3, 255, 255, 255],
            ),
            (
                wide(&[0x0701, 0xff02]),
                layout(1, 2),
                vec![7, 7, 7, 255, 255, 255],
            ),
            (wide(&[0x0701, 0xffff]), layout(2, 2), vec![7, 7, 7]),
            (
                wide(&[0x0101, 0x0202, 0x0303, 0x0404, 0x0505, 0x0606]),
                layout(3, 2),
                vec![1, 2, 3, 4, 5, 6],
            ),
            (
                wide(&[0x0101, 0x0202, 0x0303, 0xffff]),
                layout(4, 2),
                vec![1, 2, 3],
            ),
        ] {
            assert_eq!(opaque(raw, layout), expected, "{layout:?}");
        }
    }

    #[test]
    fn what_is_half_transparent_is_half_white() {
        assert_eq!(on_white(&[0, 100, 255, 128], layout(4, 1)), [127, 177, 255]);
        assert_eq!(on_white(&[0, 51], layout(2, 1)), [204; 3]);
    }
}
