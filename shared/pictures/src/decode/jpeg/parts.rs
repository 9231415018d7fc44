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
        let mut exif = None;
        let mut header = None;
        let mut scans = 0;
        let mut is_whole_in_first_scan = true;
        loop {
            let (marker, segment);
            (marker, rest) = next_marker(rest)?;
            if marker == 0xd9 {
                break;
            }
            let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
            (segment, rest) = rest.split_at_checked(length)?;
            let content = segment.get(2..)?;
            let is_needed = match marker {
                // Tables, and Adobe's note of what the colours mean.
                0xc4 | 0xdb | 0xdd | 0xee => true,
                // Baseline, extended and progressive.
                0xc0..=0xc2 if header.is_none() => {
                    header = Some(Header::parse(marker, content)?);
                    true
                }
                0xda => {
                    let components = usize::from(*content.first()?);
                    is_whole_in_first_scan &= scans > 0 || components == header.as_ref()?.components.len();
                    scans += 1;
                    true
                }
                // A second frame, codings that nobody reads, and sizes that are told afterwards.
                0xc0..=0xcf | 0xdc => return None,
                0xe1 if exif.is_none() => {
                    exif = content.strip_prefix(b"Exif\0\0");
                    false
                }
                _ => false,
            };
            if is_needed {
                jpeg.extend_from_slice(&[0xff, marker]);
                jpeg.extend_from_slice(segment);
            }
            if marker == 0xda {
                let data;
                (data, rest) = rest.split_at_checked(scan_length(rest)?)?;
                jpeg.extend_from_slice(data);
            }
            if scans > MOST_SCANS {
                return None;
            }
        }
        jpeg.extend_from_slice(&END);
        let header = header.filter(|_| scans > 0)?;
        let memory = if header.is_progressive || !is_whole_in_first_scan { header.coefficients() } else { 0 };
        Some(Self { jpeg, frame: Frame { size: header.size, memory }, exif })
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
    bytes.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff))
}

struct Header {
    is_progressive: bool,
    size: Size,
    /// How often each is sampled, across and down.
    components: Vec<(u64, u64)>,
}

impl Header {
    fn parse(marker: u8, content: &[u8]) -> Option<Self> {
        let (&[8, h0, h1, w0, w1, count], components) = content.split_first_chunk()? else { return None };
        let is_known = matches!(count, 1 | 3 | 4) && components.len() == 3 * usize::from(count);
        let sampling = |component: &[u8]| (u64::from(component[1] >> 4), u64::from(component[1] & 0xf));
        let components: Vec<_> = components.chunks_exact(3).map(sampling).collect();
        let is_sampled = components.iter().all(|(h, v)| (1..=4).contains(h) && (1..=4).contains(v));
        let (width, height) = (u16::from_be_bytes([w0, w1]), u16::from_be_bytes([h0, h1]));
        (is_known && is_sampled).then_some(Self {
            is_progressive: marker == 0xc2,
            size: Size::new(width.into(), height.into()),
            components,
        })
    }

    /// Two bytes for each sample of each component, in blocks of 64.
    fn coefficients(&self) -> u64 {
        let most = |side: fn(&(u64, u64)) -> u64| self.components.iter().map(side).max().unwrap_or(1);
        let (across, down) = (most(|(h, _)| *h), most(|(_, v)| *v));
        let units = u64::from(self.size.width).div_ceil(8 * across) * u64::from(self.size.height).div_ceil(8 * down);
        self.components.iter().map(|(h, v)| units * h * v * 64 * 2).sum()
    }
}
