//! Parses the chunks of a WebP and the sizes that they declare.

use crate::{Kind, Refusal, Size};

pub(super) struct Parts<'a> {
    pub(super) size: Size,
    pub(super) coding: Coding,
    /// Bytes of lossless data, which includes transparency.
    pub(super) lossless_bytes: u64,
    pub(super) exif: Option<&'a [u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Lossy,
    LossyWithAlpha,
    Lossless,
}

const ANIMATION_FLAG: u8 = 0b0000_0010;
const ALPHA_FLAG: u8 = 0b0001_0000;

impl<'a> Parts<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut rest = bytes.get(12..).ok_or(Refusal::Unreadable)?;
        let mut size = None;
        let mut parts = Self {
            size: Size::square(0),
            coding: Coding::Lossy,
            lossless_bytes: 0,
            exif: None,
        };
        while rest.len() >= 8 {
            let (name, content);
            (name, content, rest) = next_chunk(rest).ok_or(Refusal::Unreadable)?;
            let chunk_size = match name {
                b"VP8X" => {
                    let flags = content.first().copied().unwrap_or(0);
                    if flags & ANIMATION_FLAG != 0 {
                        return Err(Refusal::OtherKind(Kind::AnimatedWebP));
                    }
                    if flags & ALPHA_FLAG != 0 {
                        parts.coding = Coding::LossyWithAlpha;
                    }
                    canvas_size(content)
                }
                b"ANIM" | b"ANMF" => return Err(Refusal::OtherKind(Kind::AnimatedWebP)),
                b"VP8 " => lossy_size(content),
                b"VP8L" => {
                    parts.coding = Coding::Lossless;
                    parts.lossless_bytes += content.len() as u64;
                    lossless_size(content)
                }
                b"ALPH" => {
                    parts.lossless_bytes += content.len() as u64;
                    continue;
                }
                b"EXIF" => {
                    parts.exif = Some(content);
                    continue;
                }
                _ => continue,
            };
            // A small canvas around a huge frame is an attack.
            if chunk_size.is_none() || size.is_some_and(|size| Some(size) != chunk_size) {
                return Err(Refusal::Unreadable);
            }
            size = chunk_size;
        }
        parts.size = size.ok_or(Refusal::Unreadable)?;
        Ok(parts)
    }
}

/// Splits off a chunk: its name, its content, and the rest. Chunks are padded to even lengths.
fn next_chunk(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (name, bytes) = bytes.split_first_chunk()?;
    let (length, bytes) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (content, rest) = bytes.split_at_checked(length)?;
    Some((name, content, rest.get(length % 2..).unwrap_or_default()))
}

fn canvas_size(content: &[u8]) -> Option<Size> {
    let &[w0, w1, w2, h0, h1, h2] = content.get(4..)?.first_chunk()?;
    let side = |low, middle, high| u32::from_le_bytes([low, middle, high, 0]) + 1;
    Some(Size::new(side(w0, w1, w2), side(h0, h1, h2)))
}

fn lossy_size(content: &[u8]) -> Option<Size> {
    let &[w0, w1, h0, h1] = content.get(6..)?.first_chunk()?;
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Some(Size::new(side(w0, w1), side(h0, h1)))
}

fn lossless_size(content: &[u8]) -> Option<Size> {
    let bits = u32::from_le_bytes(*content.get(1..)?.first_chunk()?);
    Some(Size::new((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
}
