//! Converts decoded pixels to RGB and flattens transparency onto white.

use image::{ImageDecoder, RgbImage};

use super::to_unreadable;
use crate::{Refusal, Size};

/// Estimates the minimum memory of decoding in bytes: the decoder's output and the RGB result.
pub(super) fn memory(decoder: &impl ImageDecoder) -> u64 {
    let (width, height) = decoder.dimensions();
    let result = if converts_in_place(Layout::of(decoder)) {
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
    decoder.read_image(&mut raw).map_err(to_unreadable)?;
    RgbImage::from_raw(width, height, to_rgb(raw, layout)).ok_or(Refusal::Unreadable)
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

/// Converts in place where possible: a second buffer beside one of 200 MB would exceed the limit.
fn converts_in_place(layout: Layout) -> bool {
    layout.bytes_per_pixel() >= 3
}

fn to_rgb(mut raw: Vec<u8>, layout: Layout) -> Vec<u8> {
    let bytes_per_pixel = layout.bytes_per_pixel();
    if !converts_in_place(layout) {
        return raw
            .chunks_exact(bytes_per_pixel)
            .flat_map(|pixel| blend_on_white(pixel, layout))
            .collect();
    }
    if bytes_per_pixel == 3 {
        return raw;
    }
    let pixels = raw.len() / bytes_per_pixel;
    for number in 0..pixels {
        let at = number * bytes_per_pixel;
        let pixel = blend_on_white(&raw[at..at + bytes_per_pixel], layout);
        raw[number * 3..number * 3 + 3].copy_from_slice(&pixel);
    }
    raw.truncate(pixels * 3);
    raw.shrink_to_fit();
    raw
}

fn blend_on_white(pixel: &[u8], layout: Layout) -> [u8; 3] {
    let channel = |number: usize| match layout.bytes_per_channel {
        2 => (u16::from_ne_bytes([pixel[2 * number], pixel[2 * number + 1]]) >> 8) as u8,
        _ => pixel[number],
    };
    let blend = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u16::from(colour), u16::from(alpha));
        ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    match layout.channels {
        1 => [channel(0); 3],
        2 => [blend(channel(0), channel(1)); 3],
        3 => [channel(0), channel(1), channel(2)],
        _ => [0, 1, 2].map(|number| blend(channel(number), channel(3))),
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
    fn every_layout_is_converted_to_rgb() {
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
            assert_eq!(to_rgb(raw, layout), expected, "{layout:?}");
        }
    }

    #[test]
    fn half_transparent_pixel_becomes_half_white() {
        assert_eq!(
            blend_on_white(&[0, 100, 255, 128], layout(4, 1)),
            [127, 177, 255]
        );
        assert_eq!(blend_on_white(&[0, 51], layout(2, 1)), [204; 3]);
    }
}
