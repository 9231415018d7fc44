//! Decoding, shrinking and comparing of pictures.

use std::io::Cursor;

/// An opaque picture of RGB bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) rgb: Vec<u8>,
}

impl Picture {
    pub(crate) fn decode(png: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(Cursor::new(png));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        pixels.truncate(frame.buffer_size());
        let rgb = match frame.color_type {
            png::ColorType::Rgb => pixels,
            png::ColorType::Rgba => pixels
                .chunks_exact(4)
                .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
                .collect(),
            other => panic!("{other:?}"),
        };
        Self {
            width: frame.width as usize,
            height: frame.height as usize,
            rgb,
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::High);
        encoder
            .write_header()
            .unwrap()
            .write_image_data(&self.rgb)
            .unwrap();
        file
    }

    /// Averages squares of this many pixels.
    pub(crate) fn shrunk(&self, factor: usize) -> Self {
        let (width, height) = (self.width / factor, self.height / factor);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for at in 0..width * height * 3 {
            let (x, y, channel) = (at / 3 % width, at / 3 / width, at % 3);
            let sum: usize = (0..factor * factor)
                .map(|part| (x * factor + part % factor, y * factor + part / factor))
                .map(|(x, y)| usize::from(self.rgb[(y * self.width + x) * 3 + channel]))
                .sum();
            rgb.push(u8::try_from(sum / (factor * factor)).unwrap());
        }
        Self { width, height, rgb }
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        let rgb = self
            .rgb
            .iter()
            .zip(&other.rgb)
            .map(|(one, two)| 255 - one.abs_diff(*two))
            .collect();
        Self { rgb, ..*self }
    }

    fn gray(&self, x: usize, y: usize) -> f64 {
        let at = (y * self.width + x) * 3;
        let [red, green, blue] = [0, 1, 2].map(|channel| f64::from(self.rgb[at + channel]));
        0.299 * red + 0.587 * green + 0.114 * blue
    }
}

/// Returns the mean structural similarity of two pictures of one size, over windows of 8 x 8 pixels.
pub(crate) fn similarity(one: &Picture, other: &Picture) -> f64 {
    assert_eq!((one.width, one.height), (other.width, other.height));
    let windows: Vec<(usize, usize)> = (0..one.height / 8)
        .flat_map(|row| (0..one.width / 8).map(move |column| (column * 8, row * 8)))
        .collect();
    let sum: f64 = windows
        .iter()
        .map(|window| window_similarity(one, other, *window))
        .sum();
    sum / windows.len() as f64
}

fn window_similarity(one: &Picture, other: &Picture, (left, top): (usize, usize)) -> f64 {
    const C1: f64 = 6.502_5;
    const C2: f64 = 58.522_5;
    let (mut sum, mut squares, mut product) = ([0.0; 2], [0.0; 2], 0.0);
    for (x, y) in (0..64).map(|at| (left + at % 8, top + at / 8)) {
        let values = [one.gray(x, y), other.gray(x, y)];
        for at in 0..2 {
            sum[at] += values[at];
            squares[at] += values[at] * values[at];
        }
        product += values[0] * values[1];
    }
    let mean = sum.map(|sum| sum / 64.0);
    let variance = [0, 1].map(|at| squares[at] / 64.0 - mean[at] * mean[at]);
    let covariance = product / 64.0 - mean[0] * mean[1];
    let structure = (2.0 * mean[0] * mean[1] + C1) * (2.0 * covariance + C2);
    structure / ((mean[0].powi(2) + mean[1].powi(2) + C1) * (variance[0] + variance[1] + C2))
}

#[test]
fn similarity_falls_when_a_picture_changes() {
    let rgb: Vec<u8> = (0..64 * 64)
        .flat_map(|at: usize| [(at * 37 % 251) as u8; 3])
        .collect();
    let one = Picture {
        width: 64,
        height: 64,
        rgb,
    };
    let mut other = one.clone();
    other.rgb[..64 * 16 * 3].fill(255);
    assert!((similarity(&one, &one) - 1.0).abs() < 1e-9);
    assert!(similarity(&one, &other) < 0.9);
}
