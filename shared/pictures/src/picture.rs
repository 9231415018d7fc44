//! A decoded picture: upright pixels without metadata.

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{
    ExtendedColorType, ImageEncoder, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    imageops::{
        flip_horizontal_in_place, flip_vertical_in_place, rotate90, rotate180_in_place, rotate270,
    },
    metadata::Orientation,
};

use crate::{
    Refusal, Size,
    decode::{Decoded, decode},
    resize::{Area, resize},
};

#[derive(Clone, PartialEq, Eq)]
pub struct Picture(pub(crate) RgbImage);

/// Requirements on an uploaded picture.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Minimum length of the shorter side; smaller pictures are refused.
    pub shorter_side: u32,
    /// Larger pictures are scaled down to fit, to at most [`MAX_KEPT_SIDE_PIXELS`] on a side.
    pub within: Size,
}

/// Bounds the scaled copy, which shares memory with the largest decodable picture.
pub const MAX_KEPT_SIDE_PIXELS: u32 = 2_560;

impl Picture {
    /// Decodes a picture upright, on white where it is transparent, and scaled to fit.
    /// Whatever the bytes are, decoding takes at most 256 MB.
    pub fn read(bytes: &[u8], wanted: &Wanted) -> Result<Self, Refusal> {
        // Decoders are third-party code on untrusted bytes: a panic must cost this picture, not the
        // function.
        let decoded = catch_unwind(AssertUnwindSafe(|| decode(bytes, wanted.shorter_side)));
        let Decoded {
            pixels,
            orientation,
        } = decoded.unwrap_or(Err(Refusal::Unreadable))?;
        let within = Size::new(
            wanted.within.width.min(MAX_KEPT_SIDE_PIXELS),
            wanted.within.height.min(MAX_KEPT_SIDE_PIXELS),
        );
        let within = if swaps_sides(orientation) {
            within.transposed()
        } else {
            within
        };
        // Rotating after scaling needs less memory.
        let pixels = scale_down(&pixels, within).unwrap_or(pixels);
        Ok(Self(upright(pixels, orientation)))
    }

    pub fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }

    /// Scales the picture down to fit `frame`; a smaller one is unchanged.
    #[must_use]
    pub fn within(&self, frame: Size) -> Self {
        scale_down(&self.0, frame).map_or_else(|| self.clone(), Self)
    }

    /// Returns RGBA pixels, row by row.
    pub fn rgba(&self) -> Vec<u8> {
        self.0
            .pixels()
            .flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2], u8::MAX])
            .collect()
    }

    /// Encodes the picture as JPEG; `quality` is from 1 to 100.
    pub fn jpeg(&self, quality: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100));
        // Writing to memory cannot fail, and no side exceeds JPEG's limit.
        drop(encoder.write_image(
            &self.0,
            self.0.width(),
            self.0.height(),
            ExtendedColorType::Rgb8,
        ));
        bytes
    }
}

impl Picture {
    /// Encodes the picture as PNG.
    pub fn png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = PngEncoder::new(&mut bytes);
        // Writing to memory cannot fail.
        drop(encoder.write_image(
            &self.0,
            self.0.width(),
            self.0.height(),
            ExtendedColorType::Rgb8,
        ));
        bytes
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({})", self.size())
    }
}

/// Scales pixels down to fit `frame`; returns `None` when they already fit.
fn scale_down(pixels: &RgbImage, frame: Size) -> Option<RgbImage> {
    let full = Area::whole(pixels);
    let size = full.size.within(frame);
    if size == full.size {
        return None;
    }
    Some(resize(pixels, full, size))
}

fn swaps_sides(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};

    matches!(
        orientation,
        Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH
    )
}

fn upright(mut pixels: RgbImage, orientation: Orientation) -> RgbImage {
    match orientation {
        Orientation::NoTransforms => {}
        Orientation::Rotate180 => rotate180_in_place(&mut pixels),
        Orientation::FlipHorizontal => flip_horizontal_in_place(&mut pixels),
        Orientation::FlipVertical => flip_vertical_in_place(&mut pixels),
        Orientation::Rotate90 => pixels = rotate90(&pixels),
        Orientation::Rotate270 => pixels = rotate270(&pixels),
        Orientation::Rotate90FlipH => {
            pixels = rotate90(&pixels);
            flip_horizontal_in_place(&mut pixels);
        }
        Orientation::Rotate270FlipH => {
            pixels = rotate270(&pixels);
            flip_horizontal_in_place(&mut pixels);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, jpeg, png_parts, webp};

    const ANY: Wanted = Wanted {
        shorter_side: 1,
        within: Size::square(MAX_KEPT_SIDE_PIXELS),
    };

    /// Names the quarters of a picture by the colours of `samples::quarters`; unrotated they read
    /// "abcd".
    fn seen(picture: &Picture) -> String {
        let Size { width, height } = picture.size();
        let letter = |x: u32, y: u32| {
            let [red, green, blue] = picture.0[(x, y)].0.map(|part| part > 128);
            match (red, green, blue) {
                (true, false, false) => 'a',
                (false, true, false) => 'b',
                (false, false, true) => 'c',
                (true, true, true) => 'd',
                _ => '?',
            }
        };
        let (left, right, top, bottom) = (width / 4, width * 3 / 4, height / 4, height * 3 / 4);
        [(left, top), (right, top), (left, bottom), (right, bottom)]
            .map(|(x, y)| letter(x, y))
            .iter()
            .collect()
    }

    /// Writes the same pixels with an orientation into each kind of file.
    fn files_of(stored: &Picture, orientation: u16) -> [(&'static str, Vec<u8>); 3] {
        let exif = samples::exif(orientation);
        let segment = jpeg::segment(0xe1, &[&b"Exif\0\0"[..], &exif].concat());
        let lossless = webp::only_chunk(&samples::lossless_webp(stored));
        let canvas = webp::canvas(webp::EXIF, stored.size());
        [
            ("JPEG", jpeg::with(&stored.jpeg(95), &segment)),
            (
                "PNG",
                png_parts::with(&samples::png(stored), &png_parts::chunk(b"eXIf", &exif)),
            ),
            (
                "WebP",
                webp::riff(&[canvas, lossless, webp::chunk(b"EXIF", &exif)]),
            ),
        ]
    }

    #[test]
    fn every_orientation_is_turned_upright() {
        let stored = samples::quarters(96, 64);
        for (orientation, letters) in [
            (1, "abcd"),
            (2, "badc"),
            (3, "dcba"),
            (4, "cdab"),
            (5, "acbd"),
            (6, "cadb"),
            (7, "dbca"),
            (8, "bdac"),
        ] {
            let size = if orientation < 5 {
                Size::new(96, 64)
            } else {
                Size::new(64, 96)
            };
            for (kind, file) in files_of(&stored, orientation) {
                let picture = Picture::read(&file, &ANY).unwrap();
                assert_eq!(
                    (seen(&picture).as_str(), picture.size()),
                    (letters, size),
                    "{orientation} in a {kind}"
                );
                // The frame applies to the upright picture.
                let within = Size::new(48, 80);
                let small = Picture::read(&file, &Wanted { within, ..ANY }).unwrap();
                assert_eq!(
                    (seen(&small).as_str(), small.size()),
                    (letters, size.within(within)),
                    "{orientation} {kind}"
                );
            }
        }
    }

    #[test]
    fn unknown_orientation_leaves_the_picture_unchanged() {
        let stored = samples::quarters(96, 64);
        let odd = [0, 9, 256, u16::MAX].map(|orientation| files_of(&stored, orientation));
        for (kind, file) in odd.into_iter().flatten() {
            assert_eq!(seen(&Picture::read(&file, &ANY).unwrap()), "abcd", "{kind}");
        }
        for exif in [
            &b"Exif\0\0"[..],
            b"Exif\0\0MM\0*\xff\xff\xff\xff",
            b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
            b"http://",
        ] {
            let file = jpeg::with(&stored.jpeg(95), &jpeg::segment(0xe1, exif));
            assert_eq!(seen(&Picture::read(&file, &ANY).unwrap()), "abcd");
        }
    }

    #[test]
    fn webp_exif_may_have_a_jpeg_segment_header() {
        let stored = samples::quarters(96, 64);
        let exif = webp::chunk(b"EXIF", &[&b"Exif\0\0"[..], &samples::exif(3)].concat());
        let lossless = webp::only_chunk(&samples::lossless_webp(&stored));
        let file = webp::riff(&[webp::canvas(webp::EXIF, stored.size()), lossless, exif]);
        assert_eq!(seen(&Picture::read(&file, &ANY).unwrap()), "dcba");
    }

    #[test]
    fn metadata_is_dropped() {
        for (kind, file) in files_of(&samples::quarters(96, 64), 6) {
            assert!(
                file.windows(samples::PLACE.len())
                    .any(|part| part == samples::PLACE),
                "{kind}"
            );
            let made = Picture::read(&file, &ANY).unwrap().jpeg(80);
            // Only the segments of a plain JPEG are allowed: header, tables, frame and scan.
            let markers: Vec<u8> = made
                .windows(2)
                .filter(|pair| pair[0] == 0xff && pair[1] >= 0xc0)
                .map(|pair| pair[1])
                .collect();
            let known = [0xc0, 0xc4, 0xd8, 0xd9, 0xda, 0xdb, 0xe0];
            assert!(
                markers.iter().all(|marker| known.contains(marker)),
                "{kind} {markers:x?}"
            );
            assert_eq!(markers.iter().filter(|marker| **marker == 0xe0).count(), 1);
        }
    }

    #[test]
    fn picture_is_scaled_down_on_read_and_never_enlarged() {
        let file = samples::scene(800, 600, 1).jpeg(90);
        for (within, size) in [
            (Size::square(400), Size::new(400, 300)),
            (Size::new(4_000, 300), Size::new(400, 300)),
            (Size::square(800), Size::new(800, 600)),
            (Size::square(u32::MAX), Size::new(800, 600)),
            (Size::square(0), Size::square(1)),
        ] {
            assert_eq!(
                Picture::read(&file, &Wanted { within, ..ANY })
                    .unwrap()
                    .size(),
                size
            );
        }
        let picture = Picture::read(&file, &ANY).unwrap();
        assert_eq!(
            picture.within(Size::square(400)).size(),
            Size::new(400, 300)
        );
        assert_eq!(picture.within(Size::square(4_000)), picture);
    }

    #[test]
    fn kept_picture_never_exceeds_the_largest_side() {
        let long = samples::quarters(6_144, 60);
        let kept = Picture::read(
            &samples::png(&long),
            &Wanted {
                within: Size::square(u32::MAX),
                ..ANY
            },
        )
        .unwrap();
        assert_eq!(kept.size(), Size::new(MAX_KEPT_SIDE_PIXELS, 25));
    }

    #[test]
    fn shorter_side_is_checked_before_scaling() {
        let wanted = Wanted {
            shorter_side: 64,
            within: Size::square(32),
        };
        let file = |width, height| samples::quarters(width, height).jpeg(80);
        assert_eq!(
            Picture::read(&file(96, 64), &wanted).unwrap().size(),
            Size::new(32, 21)
        );
        for (width, height) in [(96, 63), (63, 96)] {
            let refusal = Refusal::TooSmall(Size::new(width, height));
            assert_eq!(Picture::read(&file(width, height), &wanted), Err(refusal));
        }
    }

    #[test]
    fn scaled_picture_looks_the_same() {
        let small = samples::scene(1_200, 900, 3).within(Size::square(300));
        let drawn = samples::scene(300, 225, 3);
        let off = |is: &Picture| {
            let parts =
                is.0.iter()
                    .zip(drawn.0.iter())
                    .map(|(is, drawn)| u64::from(is.abs_diff(*drawn)));
            parts.sum::<u64>() as f64 / drawn.0.len() as f64
        };
        assert!(off(&small) < 0.7, "{}", off(&small));
        assert!(
            off(&samples::scene(300, 225, 4)) > 20.0,
            "else nothing was compared"
        );
        // Fine stripes become grey instead of other stripes.
        let stripes = RgbImage::from_fn(1_000, 1_000, |x, _| {
            image::Rgb([if x % 2 == 0 { 0 } else { 255 }; 3])
        });
        let small = Picture(stripes).within(Size::square(300));
        let inner = small
            .0
            .enumerate_pixels()
            .filter(|(x, _, _)| (5..295).contains(x));
        assert!(
            inner
                .map(|(_, _, pixel)| pixel.0[0])
                .all(|part| (110..=145).contains(&part))
        );
    }

    #[test]
    fn higher_quality_has_more_bytes() {
        let scene = samples::scene(320, 240, 1);
        let sizes = [20, 50, 80, 95].map(|quality| scene.jpeg(quality).len());
        assert!(sizes.is_sorted() && sizes[0] * 2 < sizes[3], "{sizes:?}");
        assert_eq!(scene.jpeg(0), scene.jpeg(1));
        assert_eq!(scene.jpeg(255), scene.jpeg(100));
        assert_eq!(scene.jpeg(80), scene.jpeg(80));
        assert_eq!(
            Picture::read(&scene.jpeg(80), &ANY).unwrap().size(),
            scene.size()
        );
    }

    #[test]
    fn debug_output_contains_only_the_size() {
        assert_eq!(
            format!("{:?}", samples::quarters(96, 64)),
            "Picture(96 × 64)"
        );
    }
}
