//! What a decoder needs of a JPEG, and nothing else: its memory and its time hang on much that it would just believe.

use crate::Size;

pub(super) struct Parts<'a> {
    /// The same picture without metadata, and without what is behind its end: videos, depths, brighter versions.
    pub(super) jpeg: Vec<u8>,
    pub(super) frame: Frame,
    pub(super) exif: Option<&'a [u8]>,
}

pub(super) struct Frame {
    pub(super) size: Size,
    /// What the decoder keeps until the last scan, in bytes.
    pub(super) memory: u64,
}

/// Each scan goes over the whole picture, however few bytes it has. Encoders make about ten.
pub(super) const MOST_SCANS: usize = 64;

const START: [u8; 2] = [0xff, 0xd8];
const END: [u8; 2] = [0xff, 0xd9];

impl<'a> Parts<'a> {
    /// None, unless the picture is there from its start to its end.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&START)?;
        let mut jpeg = Vec::with_capacity(bytes.len());
        jpeg.extend_from_slice(&START);
        let (mut exif, mut header, mut in_first_scan, mut scans) = (None, None, None, 0);
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
                // Tables, and Adobe's note of what the colours mean.
                0xc4 | 0xdb | 0xdd | 0xee => {}
                // Baseline, extended, progressive.
                0xc0..=0xc2 if header.is_none() => header = Some(Header::parse(marker, content)?),
                0xda if scans < MOST_SCANS => {
                    in_first_scan = in_first_scan.or(Some(usize::from(*content.first()?)));
                    scans += 1;
                }
                // A second frame, too many scans, codings that nobody reads, sizes that are told afterwards.
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
        let is_kept = header.is_progressive || in_first_scan? != header.components.len();
        let memory = if is_kept { header.coefficients() } else { 0 };
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

/// The marker, and what is behind it. Padding between segments is skipped.
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

/// A scan ends at the next marker which is no restart.
fn scan_length(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7))
}

struct Header {
    is_progressive: bool,
    size: Size,
    /// How often each is sampled, across and down.
    components: Vec<(u64, u64)>,
}

impl Header {
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
        (is_known && is_sampled).then_some(Self {
            is_progressive: marker == 0xc2,
            size: Size::new(width.into(), height.into()),
            components,
        })
    }

    /// Two bytes for each sample of each component, in blocks of 64.
    fn coefficients(&self) -> u64 {
        let most =
            |side: fn(&(u64, u64)) -> u64| self.components.iter().map(side).max().unwrap_or(1);
        let (across, down) = (most(|(h, _)| *h), most(|(_, v)| *v));
        let units = u64::from(self.size.width).div_ceil(8 * across)
            * u64::from(self.size.height).div_ceil(8 * down);
        self.components
            .iter()
            .map(|(h, v)| units * h * v * 64 * 2)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::jpeg::{flat, frame, in_scans, scan, segment, tables, with};

    #[test]
    fn only_what_a_decoder_needs_is_kept() {
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
        let parts = Parts::of(&full).unwrap();
        assert!(parts.jpeg == with(&file, &adobe));
        assert_eq!(
            parts.exif,
            Some(&b"of a place"[..]),
            "although there is another segment of that number behind it"
        );
        assert_eq!(Parts::of(&file).unwrap().exif, None);
        assert!(
            Parts::of(&in_scans(0xc0, 40, 30, &[0x11; 3])).unwrap().jpeg
                == in_scans(0xc0, 40, 30, &[0x11; 3])
        );
    }

    #[test]
    fn what_the_decoder_keeps_is_two_bytes_a_sample() {
        let memory = |file: &[u8]| Parts::of(file).unwrap().frame.memory;
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
    fn absurd_files_are_nothing() {
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
                "fewer components than told",
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
                "a size that is told later",
                file(&[&grey, &scan, &segment(0xdc, &[0, 30])]),
            ),
            (
                "scans without end",
                file(&[&grey, &scan.repeat(MOST_SCANS + 1)]),
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
            assert!(Parts::of(&file).is_none(), "{what}");
        }
        assert!(
            Parts::of(&file(&[&grey, &scan.repeat(MOST_SCANS)])).is_some(),
            "else nothing of this was tested"
        );
    }
}
