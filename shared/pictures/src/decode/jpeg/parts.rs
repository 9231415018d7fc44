//! Extracts the segments that decoding needs, and derives memory and scan count, which the decoder
//! would not bound.

use crate::Size;

pub(super) struct Parts<'a> {
    /// The picture without metadata and without trailing data, such as videos, depth and gain maps.
    pub(super) jpeg: Vec<u8>,
    pub(super) frame: Frame,
    pub(super) exif: Option<&'a [u8]>,
}

pub(super) struct Frame {
    pub(super) size: Size,
    /// The coefficients that the decoder keeps until the last scan, in bytes.
    pub(super) memory: u64,
}

/// Each scan traverses the whole picture, however short its data. Encoders write about ten.
pub(super) const MAX_SCANS: usize = 64;

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];

impl<'a> Parts<'a> {
    /// Parses a file; returns `None` unless the picture is complete.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&START)?;
        let mut jpeg = Vec::with_capacity(bytes.len());
        jpeg.extend_from_slice(&START);
        let (mut exif, mut header, mut first_scan_components, mut scans) = (None, None, None, 0);
        loop {
            let (marker, segment);
            (marker, rest) = next_marker(rest)?;
            if marker == 0xd9 {
                break;
            }
            let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
            (segment, rest) = rest.split_at_checked(length)?;
            let content = segment.get(2..)?;
            match marker {
                // Tables, and Adobe's colour transform.
                0xc4 | 0xdb | 0xdd | 0xee => {}
                // Baseline, extended, progressive.
                0xc0..=0xc2 if header.is_none() => {
                    header = Some(FrameHeader::parse(marker, content)?)
                }
                0xda if scans < MAX_SCANS => {
                    first_scan_components =
                        first_scan_components.or(Some(usize::from(*content.first()?)));
                    scans += 1;
                }
                // A second frame, too many scans, unsupported codings, or a height given after the
                // scan.
                0xc0..=0xcf | 0xda | 0xdc => return None,
                0xe1 => {
                    exif = content.strip_prefix(b"Exif\0\0").or(exif);
                    continue;
                }
                _ => continue,
            }
            jpeg.extend_from_slice(&[0xff, marker]);
            jpeg.extend_from_slice(segment);
            if marker == 0xda {
                let data;
                (data, rest) = rest.split_at_checked(scan_length(rest)?)?;
                jpeg.extend_from_slice(data);
            }
        }
        jpeg.extend_from_slice(&END);
        let header = header?;
        let keeps_coefficients =
            header.is_progressive || first_scan_components? != header.components.len();
        let memory = if keeps_coefficients {
            header.coefficients()
        } else {
            0
        };
        Some(Self {
            jpeg,
            frame: Frame {
                size: header.size,
                memory,
            },
            exif,
        })
    }
}

/// Returns the next marker and the bytes after it, skipping padding between segments.
fn next_marker(mut bytes: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let at = bytes.iter().position(|byte| *byte == 0xff)?;
        bytes = &bytes[at + 1..];
        match bytes.first()? {
            0x00 | 0x01 | 0xd0..=0xd8 | 0xff => {}
            marker => return Some((*marker, &bytes[1..])),
        }
    }
}

/// Returns the length of a scan, which ends at the next marker that is no restart.
fn scan_length(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7))
}

struct FrameHeader {
    is_progressive: bool,
    size: Size,
    /// Sampling factors of each component, horizontal and vertical.
    components: Vec<(u64, u64)>,
}

impl FrameHeader {
    fn parse(marker: u8, content: &[u8]) -> Option<Self> {
        let (&[8, h0, h1, w0, w1, count], components) = content.split_first_chunk()? else {
            return None;
        };
        let is_known = matches!(count, 1 | 3 | 4) && components.len() == 3 * usize::from(count);
        let sampling =
            |component: &[u8]| (u64::from(component[1] >> 4), u64::from(component[1] & 0xf));
        let components: Vec<_> = components.chunks_exact(3).map(sampling).collect();
        let is_sampled = components
            .iter()
            .all(|(h, v)| (1..=4).contains(h) && (1..=4).contains(v));
        let (width, height) = (u16::from_be_bytes([w0, w1]), u16::from_be_bytes([h0, h1]));
        if !is_known || !is_sampled {
            return None;
        }
        Some(Self {
            is_progressive: marker == 0xc2,
            size: Size::new(width.into(), height.into()),
            components,
        })
    }

    /// Computes the memory of all coefficients: two bytes per sample, in blocks of 64.
    fn coefficients(&self) -> u64 {
        let max_of =
            |side: fn(&(u64, u64)) -> u64| self.components.iter().map(side).max().unwrap_or(1);
        let (across, down) = (max_of(|(h, _)| *h), max_of(|(_, v)| *v));
        let mcus = u64::from(self.size.width).div_ceil(8 * across)
            * u64::from(self.size.height).div_ceil(8 * down);
        self.components
            .iter()
            .map(|(h, v)| mcus * h * v * 64 * 2)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::jpeg::{flat, frame, in_scans, scan, segment, tables, with};

    #[test]
    fn segments_that_decoding_does_not_need_are_dropped() {
        let file = flat(0xc0, 40, 30, &[0x22, 0x11, 0x11]);
        let adobe = segment(0xee, b"Adobe\0\x64\0\0\0\0\x01");
        let place = segment(0xe1, b"Exif\0\0of a place");
        let others = [
            (0xe0, "JFIF"),
            (0xe1, "http://ns.adobe.com/"),
            (0xe2, "ICC_PROFILE"),
            (0xed, "names"),
            (0xfe, "note"),
        ];
        let others = others
            .map(|(marker, content)| segment(marker, content.as_bytes()))
            .concat();
        let full = [
            &with(&file, &[&adobe[..], &place, &others].concat())[..],
            b"and a video",
        ]
        .concat();
        let parts = Parts::parse(&full).unwrap();
        assert!(parts.jpeg == with(&file, &adobe));
        assert_eq!(
            parts.exif,
            Some(&b"of a place"[..]),
            "a later APP1 segment is no Exif"
        );
        assert_eq!(Parts::parse(&file).unwrap().exif, None);
        assert!(
            Parts::parse(&in_scans(0xc0, 40, 30, &[0x11; 3]))
                .unwrap()
                .jpeg
                == in_scans(0xc0, 40, 30, &[0x11; 3])
        );
    }

    #[test]
    fn coefficients_take_two_bytes_per_sample() {
        let memory = |file: &[u8]| Parts::parse(file).unwrap().frame.memory;
        assert_eq!(memory(&flat(0xc0, 64, 64, &[0x11; 3])), 0);
        assert_eq!(memory(&flat(0xc2, 64, 64, &[0x11; 3])), 64 * 64 * 3 * 2);
        assert_eq!(
            memory(&flat(0xc2, 64, 64, &[0x22, 0x11, 0x11])),
            64 * 64 * 3
        );
        assert_eq!(memory(&flat(0xc2, 65, 64, &[0x11])), 72 * 64 * 2);
        assert_eq!(memory(&in_scans(0xc0, 64, 64, &[0x11; 3])), 64 * 64 * 3 * 2);
    }

    #[test]
    fn malformed_files_are_rejected() {
        let (tables, end) = (tables(), [0xff, 0xd9]);
        let baseline = |width, height, sampling: &[u8]| frame(0xc0, width, height, sampling);
        let (grey, scan) = (baseline(40, 30, &[0x11]), scan(&[1], [0, 63, 0], 400));
        let file = |parts: &[&[u8]]| [&START[..], &tables, &parts.concat(), &end].concat();
        for (what, file) in [
            ("no frame", file(&[&scan])),
            ("no scan", file(&[&grey])),
            (
                "two frames",
                file(&[&frame(0xc2, 40, 30, &[0x11]), &grey, &scan]),
            ),
            (
                "two components",
                file(&[&baseline(40, 30, &[0x11; 2]), &scan]),
            ),
            (
                "two hundred components",
                file(&[&baseline(40, 30, &[0x11; 200]), &scan]),
            ),
            (
                "fewer components than declared",
                file(&[&segment(0xc0, &[8, 0, 30, 0, 40, 3, 1, 0x11, 0]), &scan]),
            ),
            (
                "samples without end across",
                file(&[&baseline(40, 30, &[0xf1]), &scan]),
            ),
            (
                "samples without end down",
                file(&[&baseline(40, 30, &[0x1f]), &scan]),
            ),
            ("no samples", file(&[&baseline(40, 30, &[0x01]), &scan])),
            (
                "twelve bits a sample",
                file(&[&segment(0xc0, &[12, 0, 30, 0, 40, 1, 1, 0x11, 0]), &scan]),
            ),
            (
                "a frame without its end",
                file(&[&segment(0xc0, &[8, 0]), &scan]),
            ),
            ("lossless", file(&[&frame(0xc3, 40, 30, &[0x11]), &scan])),
            ("arithmetic", file(&[&frame(0xc9, 40, 30, &[0x11]), &scan])),
            (
                "a height given after the scan",
                file(&[&grey, &scan, &segment(0xdc, &[0, 30])]),
            ),
            (
                "scans without end",
                file(&[&grey, &scan.repeat(MAX_SCANS + 1)]),
            ),
            (
                "a segment of no length",
                file(&[&[0xff, 0xe0, 0, 1], &grey, &scan]),
            ),
            (
                "no end",
                file(&[&grey, &scan])
                    .split_last_chunk::<2>()
                    .unwrap()
                    .0
                    .to_vec(),
            ),
        ] {
            assert!(Parts::parse(&file).is_none(), "{what}");
        }
        assert!(
            Parts::parse(&file(&[&grey, &scan.repeat(MAX_SCANS)])).is_some(),
            "the limit itself is accepted"
        );
    }
}
