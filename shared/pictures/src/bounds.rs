//! Limits of decoding, checked against a file's header before pixels are allocated.

use crate::{Refusal, Size};

/// Phones with 50-megapixel sensors produce up to 8,192 × 6,144.
pub const MAX_PIXELS: u64 = 50 * 1024 * 1024;
pub const MAX_SIDE_PIXELS: u32 = 12_000;
/// The memory of a decoder and its result: four bytes for each of `MAX_PIXELS`.
const MAX_DECODE_BYTES: u64 = 4 * MAX_PIXELS;

/// Checks a picture's size and its decoding memory in bytes; the shorter side must have
/// `min_shorter_side`.
pub(crate) fn check(size: Size, memory: u64, min_shorter_side: u32) -> Result<(), Refusal> {
    let Size { width, height } = size;
    if width == 0 || height == 0 {
        return Err(Refusal::Unreadable);
    }
    if width.max(height) > MAX_SIDE_PIXELS
        || size.pixels() > MAX_PIXELS
        || memory > MAX_DECODE_BYTES
    {
        return Err(Refusal::TooManyPixels(size));
    }
    if size.shorter_side() < min_shorter_side {
        return Err(Refusal::TooSmall(size));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(width: u32, height: u32) -> Result<(), Refusal> {
        check(Size::new(width, height), 0, 512)
    }

    #[test]
    fn size_is_checked_against_both_limits() {
        for (width, height) in [(512, 512), (512, 12_000), (8_192, 6_144), (8_192, 6_400)] {
            assert_eq!(checked(width, height), Ok(()), "{width} × {height}");
        }
        for (width, height) in [
            (12_001, 600),
            (600, 12_001),
            (7_241, 7_241),
            (u32::MAX, u32::MAX),
            (12_001, 1),
        ] {
            let refusal = Refusal::TooManyPixels(Size::new(width, height));
            assert_eq!(checked(width, height), Err(refusal), "{width} × {height}");
        }
        for (width, height) in [(511, 600), (600, 511), (1, 1), (12_000, 1)] {
            assert_eq!(
                checked(width, height),
                Err(Refusal::TooSmall(Size::new(width, height))),
                "{width} × {height}"
            );
        }
        for (width, height) in [(0, 600), (600, 0), (0, u32::MAX)] {
            assert_eq!(
                checked(width, height),
                Err(Refusal::Unreadable),
                "{width} × {height}"
            );
        }
    }

    #[test]
    fn decoding_memory_is_bounded() {
        let size = Size::square(1_000);
        assert_eq!(check(size, MAX_DECODE_BYTES, 1), Ok(()));
        assert_eq!(
            check(size, MAX_DECODE_BYTES + 1, 1),
            Err(Refusal::TooManyPixels(size))
        );
    }
}
