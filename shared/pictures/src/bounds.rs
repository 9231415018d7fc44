//! How much is decoded at all. Compared with what a file says of itself, before there is memory for its pixels.

use crate::{Refusal, Size};

/// Phones that say 50 megapixels make pictures of up to 8,192 × 6,144.
pub const MOST_PIXELS: u64 = 50 * 1024 * 1024;
pub const LONGEST_SIDE: u32 = 12_000;
/// What a decoder may hold at once, its result included: four bytes for each of the most pixels.
const MOST_MEMORY: u64 = 4 * MOST_PIXELS;

/// `memory` is what decoding takes, in bytes.
pub(crate) fn check(size: Size, memory: u64, shorter_side: u32) -> Result<(), Refusal> {
    let Size { width, height } = size;
    if width == 0 || height == 0 {
        return Err(Refusal::Unreadable);
    }
    if width.max(height) > LONGEST_SIDE || size.pixels() > MOST_PIXELS || memory > MOST_MEMORY {
        return Err(Refusal::TooManyPixels(size));
    }
    if size.shorter_side() < shorter_side {
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
    fn a_picture_is_neither_too_large_nor_too_small() {
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
    fn memory_is_bounded_too() {
        let size = Size::square(1_000);
        assert_eq!(check(size, MOST_MEMORY, 1), Ok(()));
        assert_eq!(
            check(size, MOST_MEMORY + 1, 1),
            Err(Refusal::TooManyPixels(size))
        );
    }
}
